"""What the form says to who is not in, in Spanish and English."""

from readmission.features import Text

HEADER = Text("Acceso", "Log in")
ASKED = Text(
    "Este formulario es para el personal de la unidad. Lo que se introduce son datos de pacientes.",
    "This form is for the ward's staff. What is entered are patients' data.",
)
PASSWORD = Text("Contraseña", "Password")
ENTER = Text("Entrar", "Enter")
ENTER_ELSEWHERE = Text("Entrar con la cuenta del hospital", "Log in with the hospital's account")
LOG_OUT = Text("Salir", "Log out")
LOG_OUT_HELP = Text("Borra lo introducido y cierra la sesión", "Clears what was entered and ends the session")
PERSON = Text("Sesión de {person}", "Logged in: {person}")

WRONG = Text("**Contraseña incorrecta.** Vuelva a escribirla.", "**Wrong password.** Type it again.")
WAIT = Text(
    "**Demasiados intentos fallidos.** Vuelva a probar dentro de {seconds} s; esta contraseña no se ha comprobado.",
    "**Too many wrong passwords.** Try again in {seconds} s; this one was not looked at.",
)
ENDED = Text(
    "La sesión ha terminado y no queda nada de lo introducido. Vuelva a entrar.",
    "The session has ended, and nothing of what was entered is left. Log in again.",
)
STRANGER = Text(
    "**Esta cuenta no tiene acceso al formulario** ({person}). Salga y entre con otra, o pida a quien lo administra "
    "que la añada.",
    "**This account may not use the form** ({person}). Log out and use another, or ask whoever runs it to add yours.",
)
NOBODY = Text("sin correo verificado", "no verified e-mail address")
