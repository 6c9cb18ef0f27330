import FetchService
import Glibc

exit(runFetch())
