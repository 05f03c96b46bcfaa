"""The words for the data set's codes, in Spanish and English: what a code stands for beside the code itself.

Codes: IDs_mapping.csv of the data set (UCI repository id 296). It does not explain its payers: those that are not
customary abbreviations of American insurance are said to be unexplained.
"""

from collections.abc import Mapping

from readmission.features.text import Text


def _coded(words: Mapping[str, tuple[str, str]]) -> Mapping[str, Text]:
    return {code: Text(f"{code} · {es}", f"{code} · {en}") for code, (es, en) in words.items()}


ADMISSION_TYPES = _coded(
    {
        "1": ("Emergencia", "Emergency"),
        "2": ("Urgente", "Urgent"),
        "3": ("Electivo", "Elective"),
        "4": ("Recién nacido", "Newborn"),
        "5": ("No disponible", "Not available"),
        "6": ("Vacío", "Empty"),
        "7": ("Centro de trauma", "Trauma center"),
        "8": ("Sin correspondencia", "Not mapped"),
    }
)
DISCHARGES = _coded(
    {
        "1": ("A su casa", "Home"),
        "2": ("A otro hospital de agudos", "Another short-term hospital"),
        "3": ("A un centro de enfermería especializada (SNF)", "Skilled nursing facility (SNF)"),
        "4": ("A un centro de cuidados intermedios (ICF)", "Intermediate care facility (ICF)"),
        "5": ("A otro tipo de centro con hospitalización", "Another type of inpatient institution"),
        "6": ("A su casa, con atención domiciliaria", "Home with home health service"),
        "7": ("Alta voluntaria contra consejo médico", "Left against medical advice"),
        "8": ("A su casa, con terapia intravenosa domiciliaria", "Home with a home IV provider"),
        "9": ("Ingresado en este hospital", "Admitted as an inpatient to this hospital"),
        "10": ("Neonato, a otro hospital para cuidados neonatales", "Neonate, to another hospital for aftercare"),
        "11": ("Fallecido", "Died"),
        "12": ("Sigue como paciente o vuelve a consultas", "Still a patient, or expected as an outpatient"),
        "13": ("Cuidados paliativos en casa", "Hospice at home"),
        "14": ("Cuidados paliativos en un centro", "Hospice in a medical facility"),
        "15": ("En esta institución, a cama de Medicare", "Within this institution, to a Medicare swing bed"),
        "16": ("A consultas de otra institución", "Another institution's outpatient services"),
        "17": ("A consultas de esta institución", "This institution's outpatient services"),
        "18": ("Vacío", "Empty"),
        "19": ("Fallecido en casa, con cuidados paliativos", "Died at home, in hospice"),
        "20": ("Fallecido en un centro, con cuidados paliativos", "Died in a medical facility, in hospice"),
        "21": ("Fallecido, lugar desconocido, con cuidados paliativos", "Died, place unknown, in hospice"),
        "22": ("A un centro de rehabilitación", "Rehabilitation facility"),
        "23": ("A un hospital de larga estancia", "Long-term care hospital"),
        "24": ("A una residencia acreditada por Medicaid y no por Medicare", "Nursing facility of Medicaid alone"),
        "25": ("Sin correspondencia", "Not mapped"),
        "26": ("Desconocido o no válido", "Unknown or invalid"),
        "27": ("A un centro sanitario federal", "Federal health care facility"),
        "28": ("A un hospital o unidad de psiquiatría", "Psychiatric hospital or unit"),
        "29": ("A un hospital de acceso crítico (CAH)", "Critical access hospital (CAH)"),
        "30": ("A otra institución sanitaria", "Another type of health care institution"),
    }
)
ADMISSION_SOURCES = _coded(
    {
        "1": ("Derivado por un médico", "Physician referral"),
        "2": ("Derivado por una clínica", "Clinic referral"),
        "3": ("Derivado por su aseguradora (HMO)", "HMO referral"),
        "4": ("Trasladado de un hospital", "Transfer from a hospital"),
        "5": ("Trasladado de enfermería especializada (SNF)", "Transfer from a skilled nursing facility (SNF)"),
        "6": ("Trasladado de otro centro sanitario", "Transfer from another health care facility"),
        "7": ("Urgencias", "Emergency room"),
        "8": ("Orden judicial o policial", "Court or law enforcement"),
        "9": ("No disponible", "Not available"),
        "10": ("Trasladado de un hospital de acceso crítico", "Transfer from a critical access hospital"),
        "11": ("Parto normal", "Normal delivery"),
        "12": ("Parto prematuro", "Premature delivery"),
        "13": ("Recién nacido enfermo", "Sick baby"),
        "14": ("Parto fuera del hospital", "Extramural birth"),
        "15": ("No disponible", "Not available"),
        "17": ("Vacío", "Empty"),
        "18": ("Trasladado de otro servicio domiciliario", "Transfer from another home health agency"),
        "19": ("Readmitido por el mismo servicio domiciliario", "Readmission to the same home health agency"),
        "20": ("Sin correspondencia", "Not mapped"),
        "21": ("Desconocido o no válido", "Unknown or invalid"),
        "22": ("Del mismo hospital, facturado aparte", "Transfer within the hospital, claimed separately"),
        "23": ("Nacido en este hospital", "Born inside this hospital"),
        "24": ("Nacido fuera de este hospital", "Born outside this hospital"),
        "25": ("Trasladado de cirugía ambulatoria", "Transfer from an ambulatory surgery center"),
        "26": ("Trasladado de cuidados paliativos", "Transfer from hospice"),
    }
)
_UNEXPLAINED = ("el conjunto de datos no lo explica", "not explained by the data set")
PAYERS = _coded(
    {
        "BC": ("Blue Cross/Blue Shield", "Blue Cross/Blue Shield"),
        "CH": ("CHAMPUS (militar)", "CHAMPUS (military)"),
        "CM": _UNEXPLAINED,
        "CP": ("Seguro comercial privado", "Private commercial insurance"),
        "DM": _UNEXPLAINED,
        "FR": _UNEXPLAINED,
        "HM": ("Organización HMO", "Health maintenance organization (HMO)"),
        "MC": ("Medicare", "Medicare"),
        "MD": ("Medicaid", "Medicaid"),
        "MP": _UNEXPLAINED,
        "OG": ("Otro programa público", "Other government program"),
        "OT": ("Otro pagador", "Other payer"),
        "PO": ("Organización PPO", "Preferred provider organization (PPO)"),
        "SI": ("Seguro propio", "Self-insured"),
        "SP": ("Paga el paciente", "Self-pay"),
        "UN": _UNEXPLAINED,
        "WC": ("Accidente de trabajo", "Workers' compensation"),
    }
)
SPECIALTIES: Mapping[str, Text] = {
    "Cardiology": Text("Cardiología", "Cardiology"),
    "Emergency/Trauma": Text("Urgencias y trauma", "Emergency and trauma"),
    "Family/GeneralPractice": Text("Medicina de familia", "Family and general practice"),
    "Gastroenterology": Text("Gastroenterología", "Gastroenterology"),
    "Hematology/Oncology": Text("Hematología y oncología", "Hematology and oncology"),
    "InternalMedicine": Text("Medicina interna", "Internal medicine"),
    "Nephrology": Text("Nefrología", "Nephrology"),
    "Neurology": Text("Neurología", "Neurology"),
    "ObstetricsandGynecology": Text("Obstetricia y ginecología", "Obstetrics and gynecology"),
    "Oncology": Text("Oncología", "Oncology"),
    "Orthopedics": Text("Traumatología y ortopedia", "Orthopedics"),
    "Orthopedics-Reconstructive": Text("Ortopedia reconstructiva", "Reconstructive orthopedics"),
    "Pediatrics": Text("Pediatría", "Pediatrics"),
    "PhysicalMedicineandRehabilitation": Text(
        "Medicina física y rehabilitación", "Physical and rehabilitation medicine"
    ),
    "Psychiatry": Text("Psiquiatría", "Psychiatry"),
    "Pulmonology": Text("Neumología", "Pulmonology"),
    "Radiologist": Text("Radiología", "Radiology"),
    "Surgery-Cardiovascular/Thoracic": Text("Cirugía cardiovascular y torácica", "Cardiovascular and thoracic surgery"),
    "Surgery-General": Text("Cirugía general", "General surgery"),
    "Surgery-Neuro": Text("Neurocirugía", "Neurosurgery"),
    "Surgery-Vascular": Text("Cirugía vascular", "Vascular surgery"),
    "Urology": Text("Urología", "Urology"),
}
DIAGNOSES: Mapping[str, Text] = {
    "acute_diabetes": Text("Diabetes con complicación aguda", "Diabetes with an acute complication"),
    "complicated_diabetes": Text("Diabetes con complicación crónica", "Diabetes with a chronic complication"),
    "heart_failure": Text("Insuficiencia cardiaca", "Heart failure"),
    "valvular_disease": Text("Enfermedad valvular", "Valvular disease"),
    "hypertension": Text("Hipertensión", "Hypertension"),
    "complicated_hypertension": Text("Hipertensión complicada", "Complicated hypertension"),
    "ischaemic_heart": Text("Cardiopatía isquémica", "Ischaemic heart disease"),
    "pulmonary_circulation": Text("Circulación pulmonar", "Pulmonary circulation"),
    "arrhythmia": Text("Arritmia", "Arrhythmia"),
    "stroke": Text("Ictus y enfermedad cerebrovascular", "Stroke and cerebrovascular disease"),
    "peripheral_vascular": Text("Enfermedad vascular periférica", "Peripheral vascular disease"),
    "pneumonia": Text("Neumonía y gripe", "Pneumonia and influenza"),
    "obstructive_lung": Text("Enfermedad pulmonar obstructiva", "Obstructive lung disease"),
    "respiratory_failure": Text("Insuficiencia respiratoria", "Respiratory failure"),
    "chest_pain": Text("Dolor torácico y síntomas respiratorios", "Chest pain and respiratory symptoms"),
    "liver": Text("Enfermedad hepática", "Liver disease"),
    "pancreas": Text("Enfermedad pancreática", "Pancreatic disease"),
    "fracture": Text("Fractura", "Fracture"),
    "complication_of_care": Text("Complicación de la asistencia", "Complication of care"),
    "bone_infection": Text("Infección ósea", "Bone infection"),
    "acute_kidney_failure": Text("Insuficiencia renal aguda", "Acute kidney failure"),
    "chronic_kidney_failure": Text("Insuficiencia renal crónica", "Chronic kidney failure"),
    "urinary_infection": Text("Infección urinaria", "Urinary infection"),
    "metastasis": Text("Metástasis", "Metastasis"),
    "sepsis": Text("Sepsis", "Septicaemia"),
    "thyroid": Text("Enfermedad tiroidea", "Thyroid disease"),
    "weight_loss": Text("Desnutrición o pérdida de peso", "Malnutrition or weight loss"),
    "fluid_and_electrolytes": Text("Trastorno hidroelectrolítico", "Fluid and electrolyte disorder"),
    "obesity": Text("Obesidad", "Obesity"),
    "anaemia": Text("Anemia", "Anaemia"),
    "coagulation": Text("Trastorno de la coagulación o de la sangre", "Disorder of coagulation or blood"),
    "alcohol_and_drugs": Text("Alcohol y drogas", "Alcohol and drugs"),
    "psychosis": Text("Psicosis", "Psychosis"),
    "depression_and_anxiety": Text("Depresión y ansiedad", "Depression and anxiety"),
    "nervous_system": Text("Sistema nervioso", "Nervous system"),
    "skin_infection": Text("Infección de la piel", "Skin infection"),
    "skin_ulcer": Text("Úlcera de la piel", "Skin ulcer"),
    "general_symptoms": Text("Síntomas generales", "General symptoms"),
    "transplant_or_device": Text("Trasplante, prótesis o dispositivo", "Transplant, prosthesis or device"),
    "rehabilitation": Text("Rehabilitación", "Rehabilitation"),
    "aftercare": Text("Cuidados posteriores", "Aftercare"),
    "circulatory": Text("Otra enfermedad circulatoria", "Other circulatory disease"),
    "respiratory": Text("Otra enfermedad respiratoria", "Other respiratory disease"),
    "digestive": Text("Otra enfermedad digestiva", "Other digestive disease"),
    "diabetes": Text("Diabetes sin complicación", "Diabetes without complication"),
    "injury": Text("Otra lesión o intoxicación", "Other injury or poisoning"),
    "musculoskeletal": Text("Otra enfermedad musculoesquelética", "Other musculoskeletal disease"),
    "genitourinary": Text("Otra enfermedad genitourinaria", "Other genitourinary disease"),
    "neoplasms": Text("Otro tumor", "Other neoplasm"),
    "other": Text("Otro diagnóstico", "Other diagnosis"),
    "missing": Text("Sin dato", "Not recorded"),
}

# The words of a field whose values mean something of its own.
BY_FIELD: Mapping[str, Mapping[str, Text]] = {
    "admission_type_code": ADMISSION_TYPES,
    "discharge_code": DISCHARGES,
    "admission_source_code": ADMISSION_SOURCES,
    "payer_code": PAYERS,
    "medical_specialty": SPECIALTIES,
    "diag_1": DIAGNOSES,
    "diag_2": DIAGNOSES,
    "diag_3": DIAGNOSES,
}
