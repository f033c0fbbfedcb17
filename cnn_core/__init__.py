"""A convolutional network engine on NumPy, to be read from top to bottom."""

from cnn_core import calibration, checkpoint, datasets, functional, preprocessing, presets
from cnn_core.architecture import Architecture, LayerReport
from cnn_core.checkpoint import Checkpoint
from cnn_core.datasets import Dataset
from cnn_core.datasets.augment import Augmentation
from cnn_core.errors import ArchitectureError, CheckpointError, DatasetError, DivergenceError
from cnn_core.initializers import INITIALIZERS
from cnn_core.layers import (
    GELU,
    LAYERS,
    AvgPool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Layer,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)
from cnn_core.metrics import Evaluation
from cnn_core.network import Network
from cnn_core.optimizers import OPTIMIZERS, SGD, Adam, AdamW, Optimizer, RMSprop
from cnn_core.schedules import SCHEDULES, Constant, Cosine, OneCycle, Schedule, StepDecay
from cnn_core.training import Progress, Trainer, TrainingState
from cnn_core.training_settings import TrainingSettings

__all__ = [
    "GELU",
    "INITIALIZERS",
    "LAYERS",
    "OPTIMIZERS",
    "SCHEDULES",
    "SGD",
    "Adam",
    "AdamW",
    "Architecture",
    "ArchitectureError",
    "Augmentation",
    "AvgPool2D",
    "BatchNorm",
    "Checkpoint",
    "CheckpointError",
    "Constant",
    "Conv2D",
    "Cosine",
    "Dataset",
    "DatasetError",
    "Dense",
    "DivergenceError",
    "Dropout",
    "Evaluation",
    "Flatten",
    "GlobalAveragePooling2D",
    "Layer",
    "LayerReport",
    "LeakyReLU",
    "MaxPool2D",
    "Network",
    "OneCycle",
    "Optimizer",
    "Progress",
    "RMSprop",
    "ReLU",
    "Schedule",
    "Sigmoid",
    "Softmax",
    "StepDecay",
    "Tanh",
    "Trainer",
    "TrainingSettings",
    "TrainingState",
    "calibration",
    "checkpoint",
    "datasets",
    "functional",
    "preprocessing",
    "presets",
]
