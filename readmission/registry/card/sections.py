"""The sections of a card, in the order in which a reader asks."""

from collections.abc import Mapping

from readmission.features import FIELDS
from readmission.model.groups import LEAST_POSITIVES
from readmission.registry.card import tables
from readmission.registry.card.shapes import Card, Section, Table

_HISTORY = (
    "The version is told of each patient's earlier encounters, whose order is that of their numbers, since the data "
    "has no dates. Patients whose order contradicts itself are left out. Blank counts as no earlier stay."
)
_OUTCOMES = {"lt30": "a readmission within 30 days of the discharge", "any": "any later readmission"}


def sections_of(card: Card) -> list[Section]:
    """All sections of a card whose other fields are filled."""
    test = card.reports["test"]
    both = card.reports.values()
    return [
        _summary(card),
        _USE,
        _MISUSE,
        _data(card),
        _outcome(card),
        _missing(card),
        _protocol(card),
        _performance(card),
        Section(
            title="Calibration",
            tripod="23",
            chai="key metrics: safety and reliability",
            paragraphs=["A slope of 1 and an intercept of 0 mean that risks are as they are told."],
            tables=[tables.calibration(both)],
        ),
        Section(
            title="Groups",
            tripod="14, 23",
            chai="key metrics: fairness and equity; known biases",
            paragraphs=[
                f"A group is not assessable where fewer than {LEAST_POSITIVES} of its encounters have the outcome."
            ],
            tables=[tables.groups(test)],
            blanks=["what a difference between groups means on this ward, and what is done about it"],
        ),
        Section(
            title="What it goes by",
            tripod="22, 25",
            chai="trust ingredients: transparency",
            paragraphs=["This tells how the model computes, not what makes patients ill or what would help them."],
            tables=[tables.importance(card.importance)],
        ),
        _limits(card),
        _GOVERNANCE,
    ]


def _summary(card: Card) -> Section:
    kind = "real encounters" if card.dataset == "real" else "synthetic encounters, which are made up: no patient's"
    return Section(
        title="What it is",
        tripod="1, 2, 3, 4",
        chai="name, summary, release",
        paragraphs=[
            f"A random forest that estimates the probability of {_OUTCOMES[card.target]} of a diabetic patient who is "
            f"being discharged. It was trained on {kind}.",
        ],
        tables=[Table(title="Made of", columns=["what", "value"], rows=_pairs(card.made_of))],
        blanks=["the developer, and whom to ask", "regulatory approval", "the version's release stage and date of use"],
    )


_USE = Section(
    title="Intended use",
    tripod="3, 4, 27",
    chai="uses and directions",
    paragraphs=[
        "At the discharge of a diabetic patient from hospital, when length of stay, counts and disposition are known, "
        "by ward staff who plan follow-up. It supports decisions and makes none.",
    ],
    blanks=["the wards and patients it is approved for", "what follows an alert, and who answers for it"],
)
_MISUSE = Section(
    title="What it must not be used for",
    tripod="26, 27",
    chai="cautioned out-of-scope settings and use cases",
    paragraphs=[
        "Not earlier in a stay than at discharge; not for encounters that end in death or hospice; not for patients "
        "without diabetes.",
        "Not to refuse, delay or end care, not to bill or insure, and not to judge a patient, a clinician or a ward.",
        "Not as an explanation of why a patient is ill, nor of what would help.",
    ],
    blanks=["further uses that the hospital rules out"],
)


def _data(card: Card) -> Section:
    return Section(
        title="Data and participants",
        tripod="5, 6, 7, 10, 20",
        chai="trust ingredients: development data characterization",
        paragraphs=[
            "Each row is an encounter. Encounters of invalid gender or that ended in death or hospice are left out. "
            "Patients, not encounters, are split: no patient is on two sides.",
            *([_HISTORY] if _has_history(card) else []),
        ],
        tables=[tables.flow(card.flow)],
        blanks=["where and when the encounters were collected", "how far they resemble the patients of this hospital"],
    )


def _outcome(card: Card) -> Section:
    history = _has_history(card)
    used = [field.texts.label.en for field in FIELDS if field.model and (history or not field.history)]
    return Section(
        title="Outcome and predictors",
        tripod="8, 9, 15",
        chai="trust ingredients: AI system facts",
        paragraphs=[
            f"The outcome is {_OUTCOMES[card.target]}. The output is its calibrated probability, and an alert from the "
            f"threshold {card.reports['test'].threshold:.4f} on.",
            f"Predictors: {', '.join(used)}. Race is not among them; it is used to measure groups.",
        ],
        blanks=["how the outcome was ascertained, and whether stays in other hospitals count"],
    )


def _missing(card: Card) -> Section:
    return Section(
        title="Missing values",
        tripod="11",
        chai="trust ingredients: input data",
        paragraphs=["A missing value is a category of its own and is never filled in."],
        tables=[tables.missing(card.missing)],
    )


def _protocol(card: Card) -> Section:
    return Section(
        title="Protocol",
        tripod="7, 12, 13, 16, 21, 22",
        chai="trust ingredients: model type",
        paragraphs=[
            "A forest a batch of train rows, without class weights, and their vote. Calibration and threshold (highest "
            "F1) come from votes of trees that did not see the row. The best by F1 on validation rows is registered; "
            "test rows select nothing.",
            "Intervals are 95 %, from patients that are drawn anew with all of their encounters.",
            "Whether the version was promoted, and why, is told by the ledger: it came after this card was signed.",
        ],
        tables=[Table(title="Parameters", columns=["parameter", "value"], rows=_pairs(card.params))],
    )


def _performance(card: Card) -> Section:
    test = card.reports["test"]
    return Section(
        title="Performance",
        tripod="23",
        chai="key metrics: usefulness, usability and efficacy",
        paragraphs=_published(card),
        tables=[tables.performance(card.reports.values()), tables.capacities(test), tables.net_benefit(test)],
        blanks=["its performance on encounters of this hospital", "what it changed for patients, once it was used"],
    )


def _published(card: Card) -> list[str]:
    """Where the version stands among what others have published of the same encounters and outcome."""
    if (card.dataset, card.target) != ("real", "lt30"):
        return []
    reached = tables.interval(card.reports["test"].figures["roc_auc"])
    return [
        "On these encounters, one a patient, published models reach a test ROC-AUC of 0.686 (AutoGluon) and 0.666 (a "
        "tuned random forest): TabArena, Diabetes130US. No higher one without leakage is known: some 0.69 is the "
        f"ceiling. This version reaches {reached}, on all encounters of patients whom it was not trained on.",
    ]


def _limits(card: Card) -> Section:
    found = card.reports["test"].figures
    return Section(
        title="Limits and risks",
        tripod="25, 26",
        chai="warnings: known risks and limitations",
        paragraphs=[
            f"Of its alerts on test rows, a share of {tables.interval(found['precision'])} had the outcome. "
            f"Of the encounters with the outcome, it flagged a share of {tables.interval(found['recall'])}.",
            "It was measured on patients of the data that it was made of, and on no other hospital's.",
            "Blank optional fields make its answers less sure.",
        ],
        blanks=["the clinical risk level of acting on its alerts"],
    )


_GOVERNANCE = Section(
    title="Ethics, openness and maintenance",
    tripod="17, 18, 19, 24",
    chai="trust ingredients: ongoing maintenance, security; resources",
    blanks=[
        "ethical approval",
        "funding and conflicts of interest",
        "protocol and registration of the study",
        "patients and public involved",
        "peer-reviewed publications and clinical trials",
        "who watches it for drift, how often, and when it is retired",
    ],
)


def _has_history(card: Card) -> bool:
    return card.made_of.get("history") == "on"


def _pairs(found: Mapping[str, object]) -> list[list[str]]:
    return [[name, str(value)] for name, value in found.items()]
