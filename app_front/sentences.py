"""Every sentence of the form, in Spanish and English, and how each language writes a number."""

import re
from typing import Literal

from readmission.features import ENCOUNTER_REF_LENGTH, Field, Text

Language = Literal["es", "en"]

TITLE = Text("Riesgo de reingreso en 30 días", "Risk of readmission within 30 days")
PURPOSE = Text(
    "Paciente con diabetes, en el momento del alta: ¿volverá a ingresar antes de 30 días?",
    "A patient with diabetes, at discharge: back in hospital within 30 days?",
)
SWITCH = Text("English", "Español")
SWITCH_HELP = Text("Switch to English; what you entered is kept", "Cambiar a español; se conserva lo introducido")

MODEL = Text(
    "Modelo en producción: **{name}**, versión **{version}**",
    "Model in production: **{name}**, version **{version}**",
)
NO_MODEL = Text("Todavía no hay un modelo en producción.", "There is no model in production yet.")
ANY_TIME = Text(
    "Este modelo predice un reingreso **en cualquier momento**, no solo antes de 30 días.",
    "This model predicts a readmission **at any time**, not only within 30 days.",
)
SYNTHETIC = Text(
    "Este modelo se entrenó con datos **sintéticos**: sirve para probar el sistema, no para pacientes.",
    "This model was trained on **synthetic** data: it serves to try the system, not for patients.",
)

STAY = Text("Paciente e ingreso", "Patient and admission")
ACTIVITY = Text("Actividad asistencial", "Care received")
DIABETES = Text("Diabetes", "Diabetes")
CODES = Text("Códigos y diagnósticos", "Codes and diagnoses")
DOSES = Text("Cambios de dosis", "Dose changes")
RARE_DOSES = Text("Fármacos poco frecuentes", "Rare medications")
OPTIONAL = Text(
    "Datos opcionales: códigos, diagnósticos y medicación",
    "Optional data: codes, diagnoses and medication",
)
OPTIONAL_HELP = Text(
    "Lo que se deja en blanco no se envía y cuenta como «sin dato». Un código original decide su grupo: "
    "el destino, el tipo o el origen elegidos arriba dejan de enviarse.",
    "What is left blank is not sent and counts as “not recorded”. A raw code decides its group: the discharge "
    "disposition, admission type or source chosen above is then not sent.",
)
BLANK = Text("Sin dato", "Not recorded")
UNUSED = Text("no influye", "not used")
UNUSED_HELP = Text(
    "Se registra con la predicción; el modelo no lo usa.",
    "Recorded with the prediction; the model does not use it.",
)
SUBMIT = Text("Calcular el riesgo", "Predict the risk")
CLEAR = Text("Nuevo paciente", "New patient")
CLEAR_HELP = Text("Vuelve a los valores iniciales", "Back to the initial values")

PROBABILITY = Text("Probabilidad de reingreso", "Probability of readmission")
LOW = Text("riesgo bajo ({percent})", "low risk ({percent})")
HIGH = Text("riesgo alto ({percent})", "high risk ({percent})")
LABEL = Text("Clasificación del modelo: **{label}**", "The model's label: **{label}**")
EXPECTED = Text(
    "De cada 100 pacientes con un riesgo así, se espera que reingresen unos {count}.",
    "Of every 100 patients with such a risk, about {count} are expected back.",
)
THRESHOLD = Text(
    "El riesgo es alto a partir del {percent}, el umbral con mejor equilibrio (F1) entre reingresos detectados y "
    "falsas alarmas en el entrenamiento.",
    "The risk is high from {percent} on, the threshold with the best balance (F1) in training between readmissions "
    "found and false alarms.",
)
THRESHOLD_MARK = Text("umbral {percent}", "threshold {percent}")
NOT_A_DIAGNOSIS = Text("Apoyo a la decisión, no diagnóstico", "Decision support, not a diagnosis")
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
REFUSED = Text("**No se ha calculado: revise estos campos.**", "**Nothing was predicted: check these fields.**")
REFUSED_FIELD = Text("**{field}** admite {allowed}", "**{field}** allows {allowed}")
ALLOWS = Text("Admite {allowed}", "Allows {allowed}")
UNEXPECTED = Text(
    "**Respuesta inesperada del servicio de predicción** (estado {status}): {detail}. No la use; avise a quien lo "
    "administra.",
    "**Unexpected answer of the prediction service** (status {status}): {detail}. Do not use it; tell whoever runs it.",
)
FOOTER = Text(
    "Predice en el momento del alta si un paciente con diabetes reingresará en 30 días; antes del alta no es válido, "
    "porque la estancia y el destino aún no se conocen. Datos: UCI «Diabetes 130-US hospitals 1999-2008» (CC BY 4.0).",
    "Predicts at discharge whether a patient with diabetes will be readmitted within 30 days; it is not valid before, "
    "as the stay and the disposition are not known yet. Data: UCI “Diabetes 130-US hospitals 1999-2008” (CC BY 4.0).",
)

WHOLE_NUMBER = Text("un número entero de {minimum} a {maximum}", "a whole number from {minimum} to {maximum}")
ICD9 = Text("un código CIE-9, por ejemplo 250.83, 428 o V57", "an ICD-9 code such as 250.83, 428 or V57")
REFERENCE = Text("hasta {length} caracteres", "up to {length} characters")
ONE_OF = Text("uno de: {categories}", "one of: {categories}")

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!$:~<>|])")


def say(text: Text, language: Language, **parts: str | int | None) -> str:
    """The sentence in `language`, its blanks filled."""
    sentence = text.es if language == "es" else text.en
    return sentence.format(**parts) if parts else sentence


def percent(share: float, language: Language) -> str:
    """A share of 1 as a percentage with one decimal: "8,3 %" in Spanish, "8.3 %" in English."""
    text = f"{share * 100:.1f} %"
    return text.replace(".", ",") if language == "es" else text


def risk(high: bool, probability: float, language: Language) -> str:
    """The risk in words: "riesgo bajo (8,3 %)"."""
    return say(HIGH if high else LOW, language, percent=percent(probability, language))


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
