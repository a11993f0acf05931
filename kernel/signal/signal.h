#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"

/* Signals as man 7 signal has them on x86-64: numbers, what they do, and the structures that
 * programs see. */

BEGIN_C_DECLS

enum signal_number : unsigned {
    SIGNAL_HUP = 1,
    SIGNAL_INT = 2,
    SIGNAL_QUIT = 3,
    SIGNAL_ILL = 4,
    SIGNAL_TRAP = 5,
    SIGNAL_ABRT = 6,
    SIGNAL_BUS = 7,
    SIGNAL_FPE = 8,
    SIGNAL_KILL = 9,
    SIGNAL_USR1 = 10,
    SIGNAL_SEGV = 11,
    SIGNAL_USR2 = 12,
    SIGNAL_PIPE = 13,
    SIGNAL_ALRM = 14,
    SIGNAL_TERM = 15,
    SIGNAL_STKFLT = 16,
    SIGNAL_CHLD = 17,
    SIGNAL_CONT = 18,
    SIGNAL_STOP = 19,
    SIGNAL_TSTP = 20,
    SIGNAL_TTIN = 21,
    SIGNAL_TTOU = 22,
    SIGNAL_URG = 23,
    SIGNAL_XCPU = 24,
    SIGNAL_XFSZ = 25,
    SIGNAL_VTALRM = 26,
    SIGNAL_PROF = 27,
    SIGNAL_WINCH = 28,
    SIGNAL_IO = 29,
    SIGNAL_PWR = 30,
    SIGNAL_SYS = 31,
};

constexpr unsigned SIGNAL_COUNT = 64;    /* numbers are 1..64 */
constexpr unsigned SIGNAL_REALTIME = 32; /* the first that is queued each time it is sent */

/* "SIGSEGV"; "signal" where the number has no name. */
const char *signal_name(unsigned signal);

/* A set of signals: bit n - 1 is signal n, as in the kernel's sigset_t. */
typedef uint64_t signal_set;

static inline bool signal_is_valid(unsigned signal) {
    return signal >= 1 && signal <= SIGNAL_COUNT;
}

static inline signal_set signal_bit(unsigned signal) {
    return 1ull << (signal - 1);
}

constexpr signal_set SIGNALS_UNBLOCKABLE = 1ull << (SIGNAL_KILL - 1) | 1ull << (SIGNAL_STOP - 1);
constexpr signal_set SIGNALS_OF_STOPPING = 1ull << (SIGNAL_STOP - 1) | 1ull << (SIGNAL_TSTP - 1) |
                                           1ull << (SIGNAL_TTIN - 1) | 1ull << (SIGNAL_TTOU - 1);
/* Those that the program's own instruction raised, which come first. */
constexpr signal_set SIGNALS_OF_FAULTS = 1ull << (SIGNAL_SEGV - 1) | 1ull << (SIGNAL_BUS - 1) |
                                         1ull << (SIGNAL_ILL - 1) | 1ull << (SIGNAL_TRAP - 1) |
                                         1ull << (SIGNAL_FPE - 1) | 1ull << (SIGNAL_SYS - 1);

enum signal_default : uint8_t {
    SIGNAL_ENDS,
    SIGNAL_DUMPS,
    SIGNAL_IGNORED,
    SIGNAL_STOPS,
    SIGNAL_CONTINUES
};

/* What SIG_DFL stands for. SIGNAL_DUMPS ends the process and says so in its status. */
enum signal_default signal_default(unsigned signal);

constexpr uint64_t HANDLER_DEFAULT = 0; /* SIG_DFL */
constexpr uint64_t HANDLER_IGNORE = 1;  /* SIG_IGN */

constexpr uint64_t ACTION_NO_CHILD_STOP = 0x00000001; /* SA_NOCLDSTOP */
constexpr uint64_t ACTION_NO_CHILD_WAIT = 0x00000002; /* SA_NOCLDWAIT */
constexpr uint64_t ACTION_INFO = 0x00000004;          /* SA_SIGINFO */
constexpr uint64_t ACTION_RESTORER = 0x04000000;      /* SA_RESTORER */
constexpr uint64_t ACTION_ON_STACK = 0x08000000;      /* SA_ONSTACK */
constexpr uint64_t ACTION_RESTART = 0x10000000;       /* SA_RESTART */
constexpr uint64_t ACTION_NO_DEFER = 0x40000000;      /* SA_NODEFER */
constexpr uint64_t ACTION_RESET = 0x80000000;         /* SA_RESETHAND */

/* struct sigaction of man 2 rt_sigaction, as the system call passes it. */
struct signal_action {
    uint64_t handler;
    uint64_t flags;
    uint64_t restorer;
    signal_set mask;
};

/* si_code: who sent it, or what was wrong. */
constexpr int32_t CODE_USER = 0;      /* SI_USER: kill */
constexpr int32_t CODE_KERNEL = 0x80; /* SI_KERNEL */
constexpr int32_t CODE_QUEUE = -1;    /* SI_QUEUE: sigqueue */
constexpr int32_t CODE_TIMER = -2;    /* SI_TIMER */
constexpr int32_t CODE_TKILL = -6;    /* SI_TKILL */

constexpr int32_t CODE_SEGV_NOT_MAPPED = 1;    /* SEGV_MAPERR */
constexpr int32_t CODE_SEGV_NOT_PERMITTED = 2; /* SEGV_ACCERR */
constexpr int32_t CODE_BUS_ALIGNMENT = 1;      /* BUS_ADRALN */
constexpr int32_t CODE_BUS_ADDRESS = 2;        /* BUS_ADRERR */
constexpr int32_t CODE_ILL_OPERAND = 2;        /* ILL_ILLOPN */
constexpr int32_t CODE_FPE_INTEGER_DIVIDE = 1; /* FPE_INTDIV */
constexpr int32_t CODE_TRAP_BREAKPOINT = 1;    /* TRAP_BRKPT */
constexpr int32_t CODE_TRAP_TRACE = 2;         /* TRAP_TRACE */

constexpr int32_t CODE_CHILD_EXITED = 1;    /* CLD_EXITED */
constexpr int32_t CODE_CHILD_KILLED = 2;    /* CLD_KILLED */
constexpr int32_t CODE_CHILD_DUMPED = 3;    /* CLD_DUMPED */
constexpr int32_t CODE_CHILD_TRAPPED = 4;   /* CLD_TRAPPED */
constexpr int32_t CODE_CHILD_STOPPED = 5;   /* CLD_STOPPED */
constexpr int32_t CODE_CHILD_CONTINUED = 6; /* CLD_CONTINUED */

/* siginfo_t of man 2 sigaction: 128 bytes. */
struct signal_info {
    int32_t signal;
    int32_t error;
    int32_t code;
    int32_t padding;
    union {
        struct {
            uint32_t process;
            uint32_t user;
            uint64_t value;
        } sent; /* kill, sigqueue */
        struct {
            int32_t timer;
            int32_t overrun;
            uint64_t value;
        } timer;
        struct {
            uint32_t process;
            uint32_t user;
            int32_t status;
            int32_t padding;
            int64_t user_ticks;
            int64_t kernel_ticks;
        } child;
        struct {
            uint64_t address;
        } fault;
        uint8_t bytes[112];
    };
};

static_assert(sizeof(struct signal_info) == 128);

/* stack_t of man 2 sigaltstack. */
struct signal_stack {
    uint64_t start;
    uint32_t flags;
    uint32_t padding;
    uint64_t size_bytes;
};

constexpr uint32_t STACK_IN_USE = 1;               /* SS_ONSTACK */
constexpr uint32_t STACK_DISABLED = 2;             /* SS_DISABLE */
constexpr uint32_t STACK_AUTODISARM = 0x80000000u; /* SS_AUTODISARM */
constexpr uint64_t STACK_SIZE_MIN = 2048;          /* MINSIGSTKSZ */

END_C_DECLS
