"""What each layer does, in plain words, and its formula."""

from typing import Final, NamedTuple


class Explanation(NamedTuple):
    """`summary` says what a layer does, `formula` how one output number is computed, `note` why."""

    summary: str
    formula: str
    note: str


_POOL_NOTE = "It makes maps smaller, so that later layers see more of the image and need less work."

EXPLANATIONS: Final[dict[str, Explanation]] = {
    "Conv2D": Explanation(
        "Slides small filters over its input. Each filter answers strongly where it finds its pattern.",
        "y[i,j,k] = b[k] + Σ x[i·s+u, j·s+v, c] · w[u,v,c,k]",
        "The same weights are used at every position, so a pattern is recognised wherever it appears. "
        "u, v run over the kernel, c over the input channels; s is the stride.",
    ),
    "MaxPool2D": Explanation(
        "Keeps only the largest value of each small window: is the pattern somewhere here?",
        "y[i,j,c] = max x[i·s+u, j·s+v, c]",
        _POOL_NOTE + " In training only the largest value of a window passes its gradient on.",
    ),
    "AvgPool2D": Explanation(
        "Replaces each small window by its average.",
        "y[i,j,c] = mean x[i·s+u, j·s+v, c]",
        _POOL_NOTE,
    ),
    "GlobalAveragePooling2D": Explanation(
        "Turns each map into one number, its average: how much of this pattern is in the whole image?",
        "y[c] = mean over i, j of x[i,j,c]",
        "After it the network no longer depends on the size of the image.",
    ),
    "BatchNorm": Explanation(
        "Brings each channel to mean 0 and deviation 1, then scales and shifts it by two learned numbers.",
        "y = γ · (x − μ) / √(σ² + ε) + β",
        "Training uses the mean and variance of the batch; otherwise running averages of them are used. "
        "It lets networks train with larger learning rates.",
    ),
    "Dense": Explanation(
        "Every output is a weighted sum of all inputs: the patterns found so far vote.",
        "y[k] = b[k] + Σ x[i] · w[i,k]",
        "Most parameters of a small network are usually here.",
    ),
    "Flatten": Explanation(
        "Lays all maps out as one long row of numbers, so that a dense layer can read them.",
        "y[(i·W + j)·C + c] = x[i,j,c]",
        "Nothing is computed or learned; only the shape changes.",
    ),
    "Dropout": Explanation(
        "Sets a random share of its inputs to zero in every training step, so that none relies on another.",
        "y = x / (1 − rate) or 0, at random",
        "It works in training only; when the network classifies, it passes everything on unchanged.",
    ),
    "ReLU": Explanation(
        "Keeps positive values and sets negative ones to zero.",
        "y = max(0, x)",
        "Without such a bend, any number of layers would together be no more than one.",
    ),
    "LeakyReLU": Explanation(
        "Keeps positive values and shrinks negative ones, instead of dropping them.",
        "y = x if x > 0, else slope · x",
        "A unit that is negative for every image can still learn its way back.",
    ),
    "GELU": Explanation(
        "A smooth relative of ReLU: small negative values pass a little.",
        "y = x · Φ(x)",
        "Φ(x) is the share of a normal distribution below x.",
    ),
    "Sigmoid": Explanation(
        "Squeezes every number into the range 0 to 1.",
        "y = 1 / (1 + exp(−x))",
        "Far from zero it is almost flat, and little gradient passes: deep networks learn slowly with it.",
    ),
    "Tanh": Explanation(
        "Squeezes every number into the range −1 to 1.",
        "y = tanh(x)",
        "Like Sigmoid, but centred on zero.",
    ),
    "Softmax": Explanation(
        "Turns the last scores into probabilities: all positive, together 1.",
        "y[k] = exp(x[k]) / Σ exp(x[c])",
        "Only differences between scores count. The largest score gets the largest share.",
    ),
}
