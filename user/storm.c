/*
 * Processes and threads that begin, stop, go on, replace themselves and end all at once:
 *
 *     storm kill|stop|exec|bomb|signals|frames|segments|first|faults
 *
 * leaves with 0 when everything that it began has ended; what ends how is left to chance.
 */

#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

constexpr int THREADS = 64;
constexpr int ROUNDS = 20;
constexpr rlim_t BOMB_LIMIT = 60;
constexpr int NOBODY = 65534;
constexpr int CRASHES = 300;
constexpr size_t PAGE = 4096;
constexpr size_t LARGE = 4ul << 20;
constexpr size_t AREA_HALF = 576; /* of what XSAVE stores: all but what came with AVX */

static char *self;

static void pause_briefly(unsigned microseconds) {
    nanosleep(&(struct timespec){.tv_nsec = microseconds * 1000l}, nullptr);
}

static void *fork_and_kill(void *seed) {
    for (int i = 0; i < ROUNDS; i++) {
        pid_t child = fork();
        if (child == 0) {
            if (i % 3 == 0) {
                _exit(i);
            }
            for (;;) {
                pause();
            }
        }
        if (child > 0) {
            kill(child, (uintptr_t)seed % 2 ? SIGKILL : SIGTERM);
            waitpid(child, nullptr, 0);
        }
    }
    return nullptr;
}

static void kill_storm(void) {
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], nullptr, fork_and_kill, (void *)i) != 0) {
            exit(3);
        }
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], nullptr);
    }
}

static void *spin(void *) {
    for (;;) {
        (void)getppid();
    }
}

static void run_threads(void) {
    for (int i = 0; i < 3; i++) {
        pthread_t thread;
        pthread_create(&thread, nullptr, spin, nullptr);
    }
    spin(nullptr);
}

/* The last word is SIGCONT: a process that stays stopped would never be seen to have gone on. */
static void stop_storm(void) {
    pid_t child = fork();
    if (child == 0) {
        run_threads();
    }
    for (int i = 0; i < ROUNDS * 20; i++) {
        int status;
        kill(child, SIGSTOP);
        if (i % 2 == 0) {
            waitpid(child, &status, WUNTRACED);
        }
        kill(child, SIGCONT);
        if (i % 4 == 0) {
            waitpid(child, &status, WCONTINUED);
        }
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
}

static void *replace_self(void *) {
    execv(self, (char *[]){self, "nothing", nullptr});
    return nullptr;
}

/* Several threads of one process run another program, while somebody kills it. */
static void exec_storm(void) {
    for (int i = 0; i < ROUNDS * 15; i++) {
        pid_t child = fork();
        if (child == 0) {
            for (int k = 0; k < 6; k++) {
                pthread_t thread;
                pthread_create(&thread, nullptr, k % 2 ? replace_self : spin, nullptr);
            }
            run_threads();
        }
        if (i % 4) {
            for (int turn = 0; turn < i % 32; turn++) {
                sched_yield();
            }
            kill(child, SIGKILL);
        }
        waitpid(child, nullptr, 0);
    }
}

static void fork_until_refused(void) {
    while (fork() >= 0) {
    }
    pause_briefly(10'000);
    _exit(errno == EAGAIN ? 0 : 1);
}

static void bomb(void) {
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {BOMB_LIMIT, BOMB_LIMIT};
        setsid();
        if (setrlimit(RLIMIT_NPROC, &limit) != 0 || setuid(NOBODY) != 0) {
            _exit(2);
        }
        fork_until_refused();
    }
    pause_briefly(200'000);
    kill(-child, SIGKILL);
    waitpid(child, nullptr, 0);
}

static char *two_pages;

static void *hold_the_space(void *) {
    for (;;) {
        void *large = mmap(nullptr, LARGE, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_POPULATE, -1, 0);
        munmap(large, LARGE);
        sched_yield();
    }
}

/* What is to be restored ends in a page that has to be found first: the thread sleeps between its
 * halves. Returns the first half. */
static char *split_area(ucontext_t *context) {
    char *half = two_pages + PAGE - AREA_HALF;
    memcpy(half, context->uc_mcontext.fpregs, AREA_HALF);
    context->uc_mcontext.fpregs = (fpregset_t)(void *)half;
    madvise(two_pages + PAGE, PAGE, MADV_DONTNEED);
    pause_briefly(1000);
    return half;
}

static void spoil_vector(int, siginfo_t *, void *context) {
    const double other[2] = {-1, -1};
    split_area(context);
    __asm__ volatile("movupd %0, %%xmm15" ::"m"(other) : "xmm15");
}

/* A header that no CPU takes. */
static void spoil_header(int, siginfo_t *, void *context) {
    constexpr size_t reserved_at = 520;
    constexpr uint64_t reserved[2] = {5, 5};
    memcpy(split_area(context) + reserved_at, reserved, sizeof(reserved));
}

static void expect_signal(void (*handler)(int, siginfo_t *, void *)) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    pthread_t thread;
    two_pages = mmap(nullptr, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sigaction(SIGUSR1, &action, nullptr);
    pthread_create(&thread, nullptr, hold_the_space, nullptr);
    pause_briefly(5000);
}

static bool keeps_vector(void) {
    const double before[2] = {3.25, 7.5};
    double after[2];
    long number = SYS_kill;
    __asm__ volatile("movupd %[before], %%xmm15\n\tsyscall\n\tmovupd %%xmm15, %[after]"
                     : [after] "=m"(after), "+a"(number)
                     : [before] "m"(before), "D"((long)getpid()), "S"((long)SIGUSR1)
                     : "rcx", "r11", "memory", "xmm15");
    return after[0] == before[0] && after[1] == before[1];
}

/* The handler's registers are other ones; those of the interrupted code come back. */
static void signal_storm(void) {
    expect_signal(spoil_vector);
    for (int i = 0; i < ROUNDS; i++) {
        if (!keeps_vector()) {
            exit(1);
        }
    }
    puts("over");
    exit(0);
}

static void return_badly(void) {
    expect_signal(spoil_header);
    raise(SIGUSR1);
    _exit(0);
}

/* A frame that cannot be used ends the process, and nothing else. */
static void frame_storm(void) {
    for (int i = 0; i < ROUNDS; i++) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            return_badly();
        }
        waitpid(child, &status, 0);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSEGV) {
            exit(1);
        }
    }
}

/* A program whose only segment is the kernel's. */
static int write_bad_program(void) {
    const struct {
        Elf64_Ehdr header;
        Elf64_Phdr segment;
        char content[100];
    } program = {
        .header =
            {
                .e_ident = ELFMAG "\2\1\1",
                .e_type = ET_EXEC,
                .e_machine = EM_X86_64,
                .e_version = EV_CURRENT,
                .e_phoff = sizeof(Elf64_Ehdr),
                .e_ehsize = sizeof(Elf64_Ehdr),
                .e_phentsize = sizeof(Elf64_Phdr),
                .e_phnum = 1,
            },
        .segment =
            {
                .p_type = PT_LOAD,
                .p_flags = PF_R | PF_X,
                .p_vaddr = 0xffff800000000000,
                .p_filesz = sizeof(program.content),
                .p_memsz = sizeof(program.content),
                .p_align = PAGE,
            },
    };
    int file = memfd_create("program", 0);
    return write(file, &program, sizeof(program)) == sizeof(program) ? file : -1;
}

/* Each ends when it has handed over a megabyte of strings. */
static void segment_storm(void) {
    static char text[100'000];
    char *strings[] = {text, text, text, text, text, nullptr};
    int file = write_bad_program();
    memset(text, 'x', sizeof(text) - 1);
    for (int i = 0; i < ROUNDS; i++) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            fexecve(file, strings, strings);
            _exit(1);
        }
        waitpid(child, &status, 0);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSEGV) {
            exit(1);
        }
    }
}

/* By the first process: what its child sends it, with no handler there, it lives through. */
static void first_storm(void) {
    sigset_t set;
    sigfillset(&set);
    for (int i = 0; i < 2; i++) {
        pid_t child = fork();
        if (child == 0) {
            for (int number = 1; number < _NSIG; number++) {
                kill(1, number);
                syscall(SYS_tgkill, 1, 1, number);
            }
            _exit(0);
        }
        waitpid(child, nullptr, 0);
        /* The second time they are pending until they are unblocked. */
        sigprocmask(i == 0 ? SIG_BLOCK : SIG_UNBLOCK, &set, nullptr);
    }
    raise(SIGTERM);
}

static void crash(void) {
    pid_t child = fork();
    if (child == 0) {
        *(volatile int *)sizeof(int) = 1;
    }
    waitpid(child, nullptr, 0);
}

static void fault_storm(void) {
    for (int i = 0; i < CRASHES; i++) {
        crash();
    }
    sleep(2);
    crash();
}

int main(int count, char **arguments) {
    const char *what = count > 1 ? arguments[1] : "";
    self = arguments[0];
    if (strcmp(what, "nothing") == 0) {
        return 0;
    }
    if (strcmp(what, "kill") == 0) {
        kill_storm();
    } else if (strcmp(what, "stop") == 0) {
        stop_storm();
    } else if (strcmp(what, "exec") == 0) {
        exec_storm();
    } else if (strcmp(what, "bomb") == 0) {
        bomb();
    } else if (strcmp(what, "signals") == 0) {
        signal_storm();
    } else if (strcmp(what, "frames") == 0) {
        frame_storm();
    } else if (strcmp(what, "segments") == 0) {
        segment_storm();
    } else if (strcmp(what, "first") == 0) {
        first_storm();
    } else if (strcmp(what, "faults") == 0) {
        fault_storm();
    } else {
        return 2;
    }
    while (waitpid(-1, nullptr, 0) > 0) {
    }
    puts("over");
    return 0;
}
