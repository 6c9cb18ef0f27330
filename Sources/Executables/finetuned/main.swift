import DaemonService
import Glibc

exit(runDaemon())
