#pragma once

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/*
 * How a differential test says what it saw. Each line goes to standard output in one write, so that
 * nothing is lost, doubled or mixed where the program forks or is killed. What differs from run to
 * run (addresses, process ids, times) must not be printed; show it relative to something.
 */

constexpr size_t PAGE = 4096;

/* One line; as printf, without the newline. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "what: 17", or "what: ENOENT" where the result is -1; errno must still be that of the call. */
void show(const char *what, long result);

/* The same, but "ok" for whatever is not -1. */
void show_ok(const char *what, long result);

/* "what: base+0x1000", or the error of a call that returned MAP_FAILED or -1. */
void show_address(const char *what, const void *base, const void *address);

/* "ENOENT", "SIGSEGV"; "E123", "SIG77" for what has no name here. Both outlive the next call. */
const char *error_name(int error);
const char *signal_name(int signal);

/* A system call by its name, past the C library's own checks: call(munmap, address, 4096). */
#define call(name, ...) syscall(SYS_##name __VA_OPT__(, ) __VA_ARGS__)

/*
 * Runs `body` in a child and shows how the child ended: "what: exited 3", "what: SIGSEGV". One that
 * takes too long, where a call does not do what it should, ends by SIGALRM.
 */
void show_child(const char *what, void (*body)(void));

/* Shows how `child` ended, as show_child does; waits for it. */
void show_end(const char *what, pid_t child);

/* The same, but silent where the child left with this status: it has said itself what failed. */
constexpr int HAS_SAID_WHY = 100;
void show_execution(const char *what, pid_t child);

/* "exited 3", "SIGKILL", "stopped by SIGSTOP": a status that wait gave; valid until the next call.
 */
const char *end_name(int status);

/*
 * Touches one byte and says what came of it: "ok", or the signal and its code, as "SIGSEGV MAPERR",
 * which outlives three more. Leaves SIGSEGV and SIGBUS with their default actions.
 */
const char *read_outcome(const volatile void *address);
const char *write_outcome(volatile void *address);

/* Whether so many milliseconds have passed since the first call of this program. */
bool is_late(long milliseconds);

/* Lets 30 ms pass, and returns when all other threads, and all of the session, sleep; or after
 * seconds in which they did not. */
void settle(void);

/* A temporary file of `size_bytes` bytes, each the low byte of its page's number plus 'a'. */
int scratch_file(const char *name, size_t size_bytes);

/* Uses so many pages of stack below the caller's, from the top down. */
void use_stack(size_t pages);

/* What an inotify file that does not wait has to say: each event with its name, and whether its
 * cookie is that of the event before. */
void show_inotify(const char *what, int notes);
