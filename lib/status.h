#pragma once

/*
 * What an operation that the world can make fail returns. The values are the negated Linux errno,
 * so that a system call can hand them on unchanged (man 3 errno).
 */
enum [[nodiscard]] status : int {
    STATUS_OK = 0,
    STATUS_NOT_PERMITTED = -1,        /* EPERM */
    STATUS_NOT_FOUND = -2,            /* ENOENT */
    STATUS_NO_SUCH_PROCESS = -3,      /* ESRCH */
    STATUS_INTERRUPTED = -4,          /* EINTR */
    STATUS_IO_ERROR = -5,             /* EIO */
    STATUS_NO_DEVICE = -6,            /* ENXIO */
    STATUS_TOO_LONG = -7,             /* E2BIG */
    STATUS_NOT_EXECUTABLE = -8,       /* ENOEXEC */
    STATUS_BAD_DESCRIPTOR = -9,       /* EBADF */
    STATUS_NO_CHILD = -10,            /* ECHILD */
    STATUS_TRY_AGAIN = -11,           /* EAGAIN */
    STATUS_NO_MEMORY = -12,           /* ENOMEM */
    STATUS_ACCESS_DENIED = -13,       /* EACCES */
    STATUS_FAULT = -14,               /* EFAULT */
    STATUS_BUSY = -16,                /* EBUSY */
    STATUS_EXISTS = -17,              /* EEXIST */
    STATUS_OTHER_FILE_SYSTEM = -18,   /* EXDEV */
    STATUS_NO_SUCH_DEVICE = -19,      /* ENODEV */
    STATUS_NOT_A_DIRECTORY = -20,     /* ENOTDIR */
    STATUS_IS_A_DIRECTORY = -21,      /* EISDIR */
    STATUS_INVALID = -22,             /* EINVAL */
    STATUS_TOO_MANY_FILES = -24,      /* EMFILE */
    STATUS_NOT_A_TERMINAL = -25,      /* ENOTTY */
    STATUS_TEXT_BUSY = -26,           /* ETXTBSY */
    STATUS_FILE_TOO_LARGE = -27,      /* EFBIG */
    STATUS_NO_SPACE = -28,            /* ENOSPC */
    STATUS_NOT_SEEKABLE = -29,        /* ESPIPE */
    STATUS_READ_ONLY = -30,           /* EROFS */
    STATUS_TOO_MANY_LINKS = -31,      /* EMLINK */
    STATUS_BROKEN_PIPE = -32,         /* EPIPE */
    STATUS_OUT_OF_DOMAIN = -33,       /* EDOM */
    STATUS_OUT_OF_RANGE = -34,        /* ERANGE */
    STATUS_DEADLOCK = -35,            /* EDEADLK */
    STATUS_NAME_TOO_LONG = -36,       /* ENAMETOOLONG */
    STATUS_NO_LOCKS = -37,            /* ENOLCK */
    STATUS_NOT_IMPLEMENTED = -38,     /* ENOSYS */
    STATUS_NOT_EMPTY = -39,           /* ENOTEMPTY */
    STATUS_LINK_LOOP = -40,           /* ELOOP */
    STATUS_NO_MESSAGE = -42,          /* ENOMSG */
    STATUS_REMOVED = -43,             /* EIDRM */
    STATUS_NO_DATA = -61,             /* ENODATA */
    STATUS_OVERFLOW = -75,            /* EOVERFLOW */
    STATUS_BAD_LIBRARY = -80,         /* ELIBBAD */
    STATUS_NOT_A_SOCKET = -88,        /* ENOTSOCK */
    STATUS_MESSAGE_TOO_LONG = -90,    /* EMSGSIZE */
    STATUS_WRONG_SOCKET_KIND = -91,   /* EPROTOTYPE */
    STATUS_NO_SUCH_OPTION = -92,      /* ENOPROTOOPT */
    STATUS_NO_PROTOCOL = -93,         /* EPROTONOSUPPORT */
    STATUS_NO_SOCKET_KIND = -94,      /* ESOCKTNOSUPPORT */
    STATUS_NOT_SUPPORTED = -95,       /* EOPNOTSUPP */
    STATUS_NO_ADDRESS_FAMILY = -97,   /* EAFNOSUPPORT */
    STATUS_ADDRESS_IN_USE = -98,      /* EADDRINUSE */
    STATUS_CONNECTION_RESET = -104,   /* ECONNRESET */
    STATUS_NO_BUFFERS = -105,         /* ENOBUFS */
    STATUS_IS_CONNECTED = -106,       /* EISCONN */
    STATUS_NOT_CONNECTED = -107,      /* ENOTCONN */
    STATUS_TOO_MANY_IN_FLIGHT = -109, /* ETOOMANYREFS */
    STATUS_TIMED_OUT = -110,          /* ETIMEDOUT */
    STATUS_REFUSED = -111,            /* ECONNREFUSED */

    /* No errno: the program is sent SIGBUS, and a system call returns EFAULT (man 2 mmap). */
    STATUS_BUS = -4096,
};
