"""The name and the one-sentence explanation of every setting of layers, optimisers and schedules."""

from typing import Final, NamedTuple


class FieldText(NamedTuple):
    """How a field is called and explained to a person."""

    label: str
    explanation: str


FIELD_TEXTS: Final[dict[str, FieldText]] = {
    # layers
    "filters": FieldText("Filters", "How many patterns the layer looks for; each gives one output channel."),
    "kernel_size": FieldText("Kernel size", "Height and width of the window that slides over the input."),
    "stride": FieldText("Stride", "How many cells the window moves at a time; 2 halves height and width."),
    "padding": FieldText(
        "Padding", "Zeros added around the input, so that the border counts as much as the middle."
    ),
    "Conv2D.padding": FieldText(
        "Padding", 'Zeros around the input: "valid" adds none, "same" keeps height and width at stride 1.'
    ),
    "dilation": FieldText("Dilation", "Distance between the cells a kernel reads; 2 skips every other one."),
    "groups": FieldText(
        "Groups", "Splits the channels into groups that do not see each other; must divide both."
    ),
    "bias": FieldText("Bias", "Adds one learned number to every output of a filter or unit."),
    "initializer": FieldText(
        "First weights", "How the weights start: the scale of the random numbers they get."
    ),
    "pool_size": FieldText("Pool size", "Height and width of the window that becomes a single cell."),
    "BatchNorm.momentum": FieldText(
        "Momentum", "Share of each new batch in the running averages used for inference."
    ),
    "epsilon": FieldText("Epsilon", "A tiny number added before dividing, so that nothing divides by zero."),
    "units": FieldText("Units", "How many outputs the layer has, each a weighted sum of all its inputs."),
    "rate": FieldText("Rate", "Share of the inputs set to zero at random in each training step."),
    "negative_slope": FieldText(
        "Negative slope", "What negative inputs are multiplied by, instead of becoming zero."
    ),
    # optimisers
    "learning_rate": FieldText("Learning rate", "How far the weights move in each step."),
    "momentum": FieldText("Momentum", "Share of the previous step that is carried into the next one."),
    "nesterov": FieldText("Nesterov", "Looks ahead along the momentum before correcting the step."),
    "weight_decay": FieldText("Weight decay", "Pulls every weight a little towards zero in each step."),
    "beta1": FieldText("Beta 1", "How long the average of the gradients remembers; nearer 1 is longer."),
    "beta2": FieldText(
        "Beta 2", "How long the average of the squared gradients remembers; nearer 1 is longer."
    ),
    "alpha": FieldText(
        "Alpha", "How long the average of the squared gradients remembers; nearer 1 is longer."
    ),
    # schedules
    "warmup_steps": FieldText("Warm-up steps", "Steps over which the learning rate first rises from zero."),
    "drops": FieldText("Drops", "How many times the learning rate falls during the training."),
    "factor_per_drop": FieldText("Factor per drop", "What the learning rate is multiplied by at each drop."),
    "rise": FieldText(
        "Rise", "Share of the training during which the learning rate rises to its full height."
    ),
    "first": FieldText("First", "Where the learning rate begins, as a share of its full height."),
    "last": FieldText("Last", "Where the learning rate ends, as a share of its full height."),
    # augmentation
    "rotation": FieldText("Rotation (°)", "Turns each image by up to so many degrees, either way."),
    "shift": FieldText("Shift (pixels)", "Moves each image by up to so many pixels, any way."),
    "scale": FieldText("Scale", "Makes each image wider, narrower, taller or flatter by up to this share."),
    "shear": FieldText("Slant (°)", "Slants each image by up to so many degrees, either way."),
    "thickness": FieldText("Thickness (pixels)", "Makes strokes up to so many pixels wider or thinner."),
    "elastic": FieldText(
        "Wobble (pixels)", "Moves parts of the image by up to so many pixels against each other."
    ),
    "noise": FieldText("Noise", "Adds grey noise with up to this deviation, 1 being white."),
    "cutout": FieldText("Cut out (pixels)", "Blackens a rectangle with sides of up to so many pixels."),
    # training
    "batch_size": FieldText("Batch", "How many images each training step looks at."),
    "epochs": FieldText("Epochs", "How many times training goes through the whole data set."),
    "label_smoothing": FieldText(
        "Label smoothing", "Share of certainty taken from the right class and spread over all."
    ),
    "clip_norm": FieldText("Clip gradients", "Longest allowed gradient; longer ones are shortened to it."),
    "seed": FieldText("Seed", "Decides every random number: the same seed repeats the same training."),
}


def field_text(class_name: str, field_name: str) -> FieldText:
    """The text of a field of a class, else of any field of that name, else the name made readable."""
    own = FIELD_TEXTS.get(f"{class_name}.{field_name}")
    return own or FIELD_TEXTS.get(field_name) or FieldText(field_name.replace("_", " ").capitalize(), "")
