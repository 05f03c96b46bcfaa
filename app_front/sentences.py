"""Every sentence of the form, in Spanish and English, and how each language writes a number."""

import re
from typing import Literal

from readmission.features import ENCOUNTER_REF_LENGTH, Field, Text

Language = Literal["es", "en"]

TITLE = Text("Riesgo de reingreso en 30 días", "Risk of readmission within 30 days")
PURPOSE = Text(
    "Para planificar el seguimiento de un paciente con diabetes en el momento del alta, cuando ya se conocen la "
    "estancia y el destino. Calcula la **probabilidad de que vuelva a ingresar**, con un modelo que aprendió de "
    "episodios anteriores, y la compara con un umbral. **Ayuda a decidir; no decide nada** y no es un diagnóstico.",
    "For planning the follow-up of a patient with diabetes at discharge, when the stay and the disposition are known. "
    "It computes the **probability of another admission**, with a model that learned from earlier encounters, and "
    "compares it with a threshold. **It supports decisions and makes none**, and it is not a diagnosis.",
)
SWITCH = Text("English", "Español")
SWITCH_HELP = Text("Switch to English; what you entered is kept", "Cambiar a español; se conserva lo introducido")

MODEL = Text(
    "Modelo en producción: **{name}**, versión **{version}**",
    "Model in production: **{name}**, version **{version}**",
)
NO_MODEL = Text("Todavía no hay un modelo en producción.", "There is no model in production yet.")
CARD = Text("Ficha del modelo (en inglés)", "Model card")
NO_CARD = Text(
    "Esta versión es anterior a las fichas: la tendrá la próxima que se entrene.",
    "This version is of before there were cards: the next that is trained has one.",
)
ANY_TIME = Text(
    "Este modelo predice un reingreso **en cualquier momento**, no solo antes de 30 días.",
    "This model predicts a readmission **at any time**, not only within 30 days.",
)
SYNTHETIC = Text(
    "Este modelo se entrenó con datos **sintéticos**: sirve para probar el sistema, no para pacientes.",
    "This model was trained on **synthetic** data: it serves to try the system, not for patients.",
)

ESSENTIAL = Text("Lo que más pesa: elíjalo", "What matters most: choose it")
OTHERS = Text("Otros datos del episodio, con valores habituales", "More of the encounter, at usual values")
OTHERS_HELP = Text(
    "Cuentan con el valor que se ve, que es el habitual: cámbielo donde el del paciente sea otro.",
    "They count with the value that is shown, the usual one: change it where the patient's is another.",
)
STAY = Text("Paciente e ingreso", "Patient and admission")
ACTIVITY = Text("Actividad asistencial", "Care received")
DIABETES = Text("Diabetes", "Diabetes")
CODES = Text("Códigos", "Codes")
DIAGNOSES = Text("Diagnósticos y otros", "Diagnoses and more")
DOSES = Text("Cambios de dosis", "Dose changes")
OPTIONAL = Text("Si se conocen: códigos, diagnósticos y medicación", "Where known: codes, diagnoses and medication")
OPTIONAL_HELP = Text(
    "Lo que se deja en blanco cuenta como «sin dato». Un código se usa en lugar del grupo elegido (tipo u origen).",
    "What is left blank counts as “not recorded”. A code is used instead of the group that was chosen (type or "
    "source).",
)
HISTORY = Text("Si constan: estancias anteriores", "Where on record: earlier stays")
HISTORY_HELP = Text(
    "Lo que diga la historia del paciente de antes de esta estancia. En blanco cuenta como «ninguna conocida».",
    "What the patient's record says of the time before this stay. What is left blank counts as “none known”.",
)
UNUSED = Text("Se registran y no cambian el riesgo", "Recorded, and without effect on the risk")
UNUSED_HELP = Text(
    "Quedan guardados con la predicción. El modelo no los usa.",
    "They are kept with the prediction. The model does not use them.",
)
CHOOSE = Text("Elija…", "Choose…")
BLANK = Text("Sin dato", "Not recorded")
SUBMIT = Text("Calcular el riesgo", "Predict the risk")
CLEAR = Text("Nuevo paciente", "New patient")
CLEAR_HELP = Text("Vuelve a los valores iniciales", "Back to the initial values")

RESULT = Text("Resultado: {risk}", "Result: {risk}")
PROBABILITY = Text("Probabilidad de reingreso", "Probability of readmission")
LOW = Text("riesgo por debajo del umbral ({percent})", "risk below the threshold ({percent})")
HIGH = Text("riesgo por encima del umbral ({percent})", "risk above the threshold ({percent})")
EXPECTED = Text(
    "De cada 100 pacientes con un riesgo así, se espera que reingresen unos {count}.",
    "Of every 100 patients with such a risk, about {count} are expected back.",
)
THRESHOLD = Text(
    "El umbral es el {percent}: el de mejor equilibrio (F1) en el entrenamiento entre reingresos detectados y falsas "
    "alarmas.",
    "The threshold is {percent}: the one with the best balance (F1) in training between readmissions found and false "
    "alarms.",
)
THRESHOLD_MARK = Text("umbral {percent}", "threshold {percent}")
NOT_A_DIAGNOSIS = Text("Apoyo a la decisión, no diagnóstico", "Decision support, not a diagnosis")
CHOSEN = Text("Calculado con lo que eligió", "Computed from what you chose")
ASSUMED = Text("Y con valores habituales, sin cambiar", "And from usual values, not changed")
WHY = Text("Por qué este riesgo", "Why this risk")
WHY_HELP = Text(
    "Desde el riesgo medio del modelo ({base}), estos datos lo suben o lo bajan más, en puntos de porcentaje. Explican "
    "**cómo calculó el modelo**, no el cuerpo del paciente.",
    "From the model's mean risk ({base}), these data raise or lower it most, in percentage points. They explain "
    "**how the model computed**, not the patient's body.",
)
RAISES = Text("Suben el riesgo", "Raise the risk")
LOWERS = Text("Bajan el riesgo", "Lower the risk")
POINTS = Text("{points} puntos", "{points} points")
WHAT_IF = Text("¿Y si…? Otro destino o tratamiento", "What if? Another disposition or treatment")
WHAT_IF_HELP = Text(
    "Lo que el modelo respondería con **un solo dato cambiado**. No es una predicción y no se registra. Que la cifra "
    "baje **no significa que el cambio proteja al paciente**.",
    "What the model would answer with **a single value changed**. It is no prediction and is not recorded. A lower "
    "figure **does not mean that the change protects the patient**.",
)
OTHER_VERSION = Text(
    "Mientras tanto ha cambiado el modelo: vuelva a calcular el riesgo.",
    "The model has changed meanwhile: predict the risk again.",
)
WITHDRAWN = Text(
    "Ha cambiado algún dato: el riesgo anterior se ha retirado. Vuelva a calcularlo.",
    "Something was changed: the earlier risk was withdrawn. Predict it again.",
)
TRACE = Text(
    "Modelo {name}, versión {version} · predicción `{prediction_id}`",
    "Model {name}, version {version} · prediction `{prediction_id}`",
)
CODE_DECIDED = Text(
    "{field}: se usó el grupo «{group}», que es el de su código {code}.",
    "{field}: the group used was “{group}”, that of its code {code}.",
)

UNREACHABLE = Text(
    "**El servicio de predicción no responde** en {address}. Compruebe que está en marcha (`make status`; con Docker, "
    "`make ps`) y que `API_URL` es su dirección; después vuelva a intentarlo. No se ha calculado nada.",
    "**The prediction service does not answer** at {address}. Check that it is running (`make status`; with Docker, "
    "`make ps`) and that `API_URL` is its address; then try again. Nothing was predicted.",
)
TOO_SLOW = Text(
    "**El servicio de predicción tarda demasiado** en contestar en {address}. Vuelva a intentarlo; si persiste, "
    "avise a quien lo administra (`make logs`).",
    "**The prediction service takes too long** to answer at {address}. Try again; if it goes on, tell whoever "
    "runs it (`make logs`).",
)
NOT_READY = Text(
    "**El servicio todavía no puede predecir.** Dice: {message}",
    "**The service cannot predict yet.** It says: {message}",
)
UNCHOSEN = Text(
    "**No se ha calculado: falta elegir** {fields}.", "**Nothing was predicted: still to choose** {fields}."
)
REFUSED = Text("**No se ha calculado: revise estos campos.**", "**Nothing was predicted: check these fields.**")
REFUSED_FIELD = Text("**{field}** admite {allowed}", "**{field}** allows {allowed}")
REFUSED_VALUE = Text("**{field}** admite {allowed}; no «{value}»", "**{field}** allows {allowed}; not “{value}”")
ALLOWS = Text("Admite {allowed}", "Allows {allowed}")
UNEXPECTED = Text(
    "**Respuesta inesperada del servicio de predicción** (estado {status}): {detail}. No la use; avise a quien lo "
    "administra.",
    "**Unexpected answer of the prediction service** (status {status}): {detail}. Do not use it; tell whoever runs it.",
)
FOOTER = Text(
    "Antes del alta no es válido, porque la estancia y el destino aún no se conocen. Datos: UCI «Diabetes 130-US "
    "hospitals 1999-2008» (CC BY 4.0).",
    "It is not valid before discharge, as the stay and the disposition are not known yet. Data: UCI “Diabetes 130-US "
    "hospitals 1999-2008” (CC BY 4.0).",
)

WHOLE_NUMBER = Text("un número entero de {minimum} a {maximum}", "a whole number from {minimum} to {maximum}")
ICD9 = Text(
    "un código CIE-9, por ejemplo 250.83, 428 o V57 (uno de la CIE-10, como I50, no)",
    "an ICD-9 code such as 250.83, 428 or V57 (one of ICD-10, such as I50, not)",
)
REFERENCE = Text("hasta {length} caracteres imprimibles", "up to {length} printable characters")
ONE_OF = Text("uno de: {categories}", "one of: {categories}")

# What Streamlit itself says, in English only.
CHROME = {
    "Open": Text("Abrir", "Open"),
    "Clear value": Text("Quitar", "Clear value"),
    "Dismiss": Text("Cerrar", "Dismiss"),
    "Help for ": Text("Ayuda: ", "Help for "),
    "No results": Text("Nada coincide", "No results"),
    "Skip to main content": Text("Ir al contenido", "Skip to main content"),
    "Ir al contenido": Text("Ir al contenido", "Skip to main content"),
}

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!$:~<>|])")


def say(text: Text, language: Language, **parts: str | int | None) -> str:
    """The sentence in `language`, its blanks filled."""
    sentence = text.es if language == "es" else text.en
    return sentence.format(**parts) if parts else sentence


def percent(share: float, language: Language) -> str:
    """A share of 1 as a percentage with one decimal: "8,3 %" in Spanish, "8.3 %" in English."""
    text = f"{share * 100:.1f} %"
    return text.replace(".", ",") if language == "es" else text


def points(share: float, language: Language) -> str:
    """A difference of shares, with its sign: "+6,3 puntos" in Spanish, "+6.3 points" in English."""
    signed = f"{share * 100:+.1f}".replace("-", "\N{MINUS SIGN}")
    return say(POINTS, language, points=signed.replace(".", ",") if language == "es" else signed)


def risk(high: bool, probability: float, language: Language) -> str:
    """The risk in words: "riesgo por debajo del umbral (8,3 %)"."""
    return say(HIGH if high else LOW, language, percent=percent(probability, language))


def value(field: Field, entered: str, language: Language) -> str:
    """What was entered in a field, as a clinician reads it on the form."""
    return say(field.category_text(entered), language) if field.kind == "category" else entered


def allowed(field: Field, language: Language) -> str:
    """What a field allows, in words a clinician reads on the form."""
    if field.kind == "number":
        return say(WHOLE_NUMBER, language, minimum=field.minimum, maximum=field.maximum)
    if field.kind == "icd9":
        return say(ICD9, language)
    if field.kind == "reference":
        return say(REFERENCE, language, length=ENCOUNTER_REF_LENGTH)
    categories = (say(field.category_text(category), language) for category in field.vocabulary)
    return say(ONE_OF, language, categories=", ".join(categories))


def plain(text: str) -> str:
    """Text of others as it is: what Markdown would interpret is escaped."""
    return _MARKDOWN.sub(r"\\\1", text)
