import Glibc
import WorkerService

exit(runWorker())
