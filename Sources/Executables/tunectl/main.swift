import Glibc
import TunectlCommands

exit(Tunectl.main())
