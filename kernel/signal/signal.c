#include "kernel/signal/signal.h"

const char *signal_name(unsigned signal) {
    static const char *const names[] = {
        nullptr,     "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",   "SIGTRAP", "SIGABRT", "SIGBUS",
        "SIGFPE",    "SIGKILL", "SIGUSR1",   "SIGSEGV", "SIGUSR2",  "SIGPIPE", "SIGALRM", "SIGTERM",
        "SIGSTKFLT", "SIGCHLD", "SIGCONT",   "SIGSTOP", "SIGTSTP",  "SIGTTIN", "SIGTTOU", "SIGURG",
        "SIGXCPU",   "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO",   "SIGPWR",  "SIGSYS",
    };
    bool is_named = signal >= 1 && signal < sizeof(names) / sizeof(names[0]);
    return is_named ? names[signal] : "signal";
}

enum signal_default signal_default(unsigned signal) {
    switch (signal) {
    case SIGNAL_CHLD:
    case SIGNAL_URG:
    case SIGNAL_WINCH:
        return SIGNAL_IGNORED;
    case SIGNAL_CONT:
        return SIGNAL_CONTINUES;
    case SIGNAL_STOP:
    case SIGNAL_TSTP:
    case SIGNAL_TTIN:
    case SIGNAL_TTOU:
        return SIGNAL_STOPS;
    case SIGNAL_QUIT:
    case SIGNAL_ILL:
    case SIGNAL_TRAP:
    case SIGNAL_ABRT:
    case SIGNAL_BUS:
    case SIGNAL_FPE:
    case SIGNAL_SEGV:
    case SIGNAL_XCPU:
    case SIGNAL_XFSZ:
    case SIGNAL_SYS:
        return SIGNAL_DUMPS;
    default:
        return SIGNAL_ENDS;
    }
}
