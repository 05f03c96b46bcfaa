"""What a state folder holds of the time when SeaweedFS kept the models: recognised, set aside whole, told about once.

A version of that time can be listed, promoted and rolled back to, but never loaded, since the platform runs that store
no more. Runs, versions and files stay together in a folder of their own, and MLflow begins anew.
"""

from readmission.clock import now
from readmission.local.service import Folders

_STORE = "seaweedfs"


def is_there(folders: Folders) -> bool:
    """Whether SeaweedFS kept its data in this state folder."""
    return folders.of_service(_STORE).is_dir()


def set_aside(folders: Folders) -> str:
    """Moves the data of MLflow and SeaweedFS into a folder of their own, and says what that means for a person.

    No service may be running. The store is moved last: until then, this is done again.
    """
    aside = folders.state / f"with-seaweedfs-{now():%Y-%m-%d-%H%M%S}"
    aside.mkdir(mode=0o700)
    for name in ("mlflow", _STORE):
        if (folder := folders.of_service(name)).is_dir():
            folder.rename(aside / name)
    return (
        f"The models of {folders.state} were in SeaweedFS, which is no longer part of the platform, so none of them "
        "can be served. MLflow begins anew, at version 1, and `make demo` trains again. Nothing was deleted: the "
        f"earlier runs, metrics and versions are in {aside / 'mlflow' / 'mlflow.db'}, the store's files in "
        f"{aside / _STORE}; the data, the predictions, Airflow's history and the logs stay in use."
    )
