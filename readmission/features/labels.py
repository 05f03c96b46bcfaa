"""What people read of each field and category, in Spanish and English."""

from collections.abc import Mapping
from typing import NamedTuple

from readmission.features.code_words import BY_FIELD
from readmission.features.text import Text


class Texts(NamedTuple):
    """A field's label and the sentence that helps to fill it."""

    label: Text
    help: Text


def _texts(es: str, en: str, help_es: str, help_en: str) -> Texts:
    return Texts(Text(es, en), Text(help_es, help_en))


def _medication(es: str, en: str) -> Texts:
    return _texts(
        es,
        en,
        f"Cambio de dosis de {es.lower()} durante la estancia; No si no se recetó.",
        f"Change in the dose of {en.lower()} during the stay; No if it was not prescribed.",
    )


def _history(es: str, en: str, help_es: str, help_en: str) -> Texts:
    only = "Solo lo usan las versiones entrenadas con historial.", "Only versions trained with history use it."
    return _texts(es, en, f"{help_es} {only[0]}", f"{help_en} {only[1]}")


FIELD_TEXTS: Mapping[str, Texts] = {
    "race": _texts(
        "Grupo étnico",
        "Race",
        "Como consta en la historia. El modelo no la usa: sirve para medir si acierta igual en todos los grupos.",
        "As recorded by the hospital. The model does not use it: it serves to measure whether it does as well in every "
        "group.",
    ),
    "gender": _texts("Sexo", "Gender", "Como consta en el ingreso.", "As recorded on admission."),
    "age": _texts("Edad (años)", "Age (years)", "Edad al ingreso, en años.", "Age on admission, in years."),
    "time_in_hospital": _texts(
        "Días de hospitalización",
        "Days in hospital",
        "Días entre el ingreso y el alta.",
        "Days between admission and discharge.",
    ),
    "num_lab_procedures": _texts(
        "Pruebas de laboratorio",
        "Laboratory tests",
        "Número de pruebas de laboratorio durante la estancia.",
        "Number of laboratory tests during the stay.",
    ),
    "num_procedures": _texts(
        "Procedimientos",
        "Procedures",
        "Número de procedimientos que no son de laboratorio.",
        "Number of procedures other than laboratory tests.",
    ),
    "num_medications": _texts(
        "Medicamentos",
        "Medications",
        "Número de medicamentos distintos administrados.",
        "Number of distinct medications administered.",
    ),
    "number_outpatient": _texts(
        "Visitas ambulatorias (año previo)",
        "Outpatient visits (year before)",
        "Visitas ambulatorias en el año anterior al ingreso.",
        "Outpatient visits in the year before the admission.",
    ),
    "number_emergency": _texts(
        "Urgencias (año previo)",
        "Emergency visits (year before)",
        "Visitas a urgencias en el año anterior al ingreso.",
        "Emergency visits in the year before the admission.",
    ),
    "number_inpatient": _texts(
        "Ingresos (año previo)",
        "Inpatient stays (year before)",
        "Hospitalizaciones en el año anterior al ingreso.",
        "Inpatient stays in the year before the admission.",
    ),
    "number_diagnoses": _texts(
        "Diagnósticos",
        "Diagnoses",
        "Número de diagnósticos registrados.",
        "Number of diagnoses entered.",
    ),
    "max_glu_serum": _texts(
        "Glucosa sérica máxima",
        "Maximum serum glucose",
        "Resultado en mg/dL.",
        "Result in mg/dL.",
    ),
    "A1Cresult": _texts(
        "Hemoglobina A1c",
        "Haemoglobin A1c",
        "Resultado en %.",
        "Result in %.",
    ),
    "change": _texts(
        "Cambio de medicación",
        "Change of medication",
        "Si se cambió la medicación para la diabetes (dosis o fármaco).",
        "Whether diabetic medication was changed (dose or drug).",
    ),
    "diabetesMed": _texts(
        "Medicación para la diabetes",
        "Diabetes medication",
        "Si se recetó algún medicamento para la diabetes.",
        "Whether any diabetic medication was prescribed.",
    ),
    "admission_type_id": _texts(
        "Tipo de ingreso",
        "Admission type",
        "Cómo ingresó el paciente.",
        "How the patient was admitted.",
    ),
    "discharge_disposition_id": _texts(
        "Destino al alta",
        "Discharge disposition",
        "A dónde va el paciente al alta.",
        "Where the patient goes on discharge.",
    ),
    "admission_source_id": _texts(
        "Origen del ingreso",
        "Admission source",
        "De dónde llegó el paciente.",
        "Where the patient came from.",
    ),
    "examide": _medication("Examida", "Examide"),
    "citoglipton": _medication("Citogliptón", "Citoglipton"),
    "discharge_code": _texts(
        "Código de alta",
        "Discharge code",
        "Más preciso: si se elige, cuenta en lugar del destino. Quien fallece o pasa a cuidados paliativos no puede "
        "reingresar.",
        "More precise: once chosen, it counts instead of the disposition. Who died or went to hospice cannot be "
        "readmitted.",
    ),
    "admission_type_code": _texts(
        "Código de tipo de ingreso",
        "Admission type code",
        "Si se conoce, en lugar del tipo de ingreso.",
        "Instead of the admission type, where it is known.",
    ),
    "admission_source_code": _texts(
        "Código de origen",
        "Admission source code",
        "Si se conoce, en lugar del origen del ingreso.",
        "Instead of the admission source, where it is known.",
    ),
    "diag_1": _texts(
        "Diagnóstico principal (CIE-9)",
        "Primary diagnosis (ICD-9)",
        "Código CIE-9, por ejemplo 250.83.",
        "ICD-9 code, for example 250.83.",
    ),
    "diag_2": _texts(
        "Segundo diagnóstico (CIE-9)",
        "Secondary diagnosis (ICD-9)",
        "Código CIE-9, por ejemplo 428.",
        "ICD-9 code, for example 428.",
    ),
    "diag_3": _texts(
        "Tercer diagnóstico (CIE-9)",
        "Third diagnosis (ICD-9)",
        "Código CIE-9, por ejemplo V57.",
        "ICD-9 code, for example V57.",
    ),
    "medical_specialty": _texts(
        "Especialidad médica",
        "Medical specialty",
        "Especialidad del médico que ingresó al paciente.",
        "Specialty of the admitting physician.",
    ),
    "payer_code": _texts(
        "Código del pagador",
        "Payer code",
        "Quién paga la estancia.",
        "Who pays for the stay.",
    ),
    "metformin": _medication("Metformina", "Metformin"),
    "repaglinide": _medication("Repaglinida", "Repaglinide"),
    "nateglinide": _medication("Nateglinida", "Nateglinide"),
    "glimepiride": _medication("Glimepirida", "Glimepiride"),
    "glipizide": _medication("Glipizida", "Glipizide"),
    "glyburide": _medication("Gliburida", "Glyburide"),
    "pioglitazone": _medication("Pioglitazona", "Pioglitazone"),
    "rosiglitazone": _medication("Rosiglitazona", "Rosiglitazone"),
    "acarbose": _medication("Acarbosa", "Acarbose"),
    "insulin": _medication("Insulina", "Insulin"),
    "glyburide_metformin": _medication("Gliburida-metformina", "Glyburide-metformin"),
    "chlorpropamide": _medication("Clorpropamida", "Chlorpropamide"),
    "acetohexamide": _medication("Acetohexamida", "Acetohexamide"),
    "tolbutamide": _medication("Tolbutamida", "Tolbutamide"),
    "miglitol": _medication("Miglitol", "Miglitol"),
    "troglitazone": _medication("Troglitazona", "Troglitazone"),
    "tolazamide": _medication("Tolazamida", "Tolazamide"),
    "glipizide_metformin": _medication("Glipizida-metformina", "Glipizide-metformin"),
    "glimepiride_pioglitazone": _medication("Glimepirida-pioglitazona", "Glimepiride-pioglitazone"),
    "metformin_rosiglitazone": _medication("Metformina-rosiglitazona", "Metformin-rosiglitazone"),
    "metformin_pioglitazone": _medication("Metformina-pioglitazona", "Metformin-pioglitazone"),
    "previous_stays": _history(
        "Estancias anteriores",
        "Previous stays",
        "Cuántas estancias anteriores constan en la historia del paciente, de cualquier año; en blanco cuenta como "
        "ninguna.",
        "How many earlier stays the patient's record has, of any year; blank counts as none.",
    ),
    "previous_readmitted": _history(
        "Reingreso tras la estancia anterior",
        "Readmission after the previous stay",
        "Cuánto tardó en volver a ingresar tras su estancia anterior, según la historia.",
        "How soon the patient was back after the previous stay, by the record.",
    ),
    "days_since_previous_stay": _texts(
        "Días desde la estancia anterior",
        "Days since the previous stay",
        "Días desde el alta anterior. Se registra; ninguna versión lo usa, porque los datos de entrenamiento no tienen "
        "fechas.",
        "Days since the discharge before. Recorded; no version uses it, for the training data has no dates.",
    ),
    "encounter_ref": _texts(
        "Referencia del episodio",
        "Encounter reference",
        "Identificador propio y opaco, para unir el desenlace más tarde. Sin datos personales.",
        "Your own opaque identifier, to join the outcome later. No personal data.",
    ),
}

CATEGORY_TEXTS: Mapping[str, Text] = {
    "missing": Text("Sin dato", "Not recorded"),
    "Unknown": Text("Desconocido", "Unknown"),
    "other": Text("Otra", "Other"),
    "Female": Text("Mujer", "Female"),
    "Male": Text("Hombre", "Male"),
    "Caucasian": Text("Caucásico", "Caucasian"),
    "AfricanAmerican": Text("Afroamericano", "African American"),
    "Hispanic": Text("Hispano", "Hispanic"),
    "Asian": Text("Asiático", "Asian"),
    "Other": Text("Otro", "Other"),
    "None": Text("No medido", "Not measured"),
    "Norm": Text("Normal", "Normal"),
    "No": Text("No", "No"),
    "Ch": Text("Sí", "Yes"),
    "Yes": Text("Sí", "Yes"),
    "Steady": Text("Estable", "Steady"),
    "Up": Text("Aumentada", "Up"),
    "Down": Text("Reducida", "Down"),
    "<30": Text("En 30 días", "Within 30 days"),
    ">30": Text("Más tarde", "Later"),
    "Emergencia": Text("Emergencia", "Emergency"),
    "Electiva": Text("Electiva", "Elective"),
    "Recién Nacido": Text("Recién nacido", "Newborn"),
    "Centro de Trauma": Text("Centro de trauma", "Trauma center"),
    "Alta a casa": Text("Alta a casa", "Home"),
    "Otro": Text("Otro", "Other"),
    "Referencia": Text("Referencia", "Referral"),
}


def category_words(field: str, category: str) -> Text:
    """The words for a category of a field; a value without words stands for itself."""
    words = BY_FIELD.get(field, {}).get(category) or CATEGORY_TEXTS.get(category)
    return words or Text(es=category, en=category)
