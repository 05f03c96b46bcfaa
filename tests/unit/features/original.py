"""The twenty original fields of a request and their defaults, which are never to change."""

ORIGINAL = {
    "race": "Caucasian",
    "gender": "Female",
    "age": 65,
    "time_in_hospital": 3,
    "num_lab_procedures": 44,
    "num_procedures": 0,
    "num_medications": 13,
    "number_outpatient": 0,
    "number_emergency": 0,
    "number_inpatient": 0,
    "number_diagnoses": 9,
    "max_glu_serum": "None",
    "A1Cresult": "None",
    "change": "No",
    "diabetesMed": "Yes",
    "admission_type_id": "Emergencia",
    "discharge_disposition_id": "Alta a casa",
    "admission_source_id": "Referencia",
    "examide": "No",
    "citoglipton": "No",
}
