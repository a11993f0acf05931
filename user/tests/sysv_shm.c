/* shmget, shmat, shmdt and shmctl. */

#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include "user/tests/report.h"

static int segment;
static char *memory;

static void check_creation(void) {
    key_t key = 0x51554952 ^ getpid();
    show("absent", call(shmget, key, PAGE, 0));
    show("no bytes", call(shmget, key, 0, IPC_CREAT | 0600));
    show("too many", call(shmget, key, -1ul, IPC_CREAT | 0600));
    int named = (int)call(shmget, key, 3 * PAGE, IPC_CREAT | IPC_EXCL | 0600);
    show_ok("created", named);
    say("found again: %d", shmget(key, PAGE, 0) == named);
    say("any size below: %d", shmget(key, 0, 0600) == named);
    show("larger than it is", call(shmget, key, 4 * PAGE, 0));
    show("exclusive", call(shmget, key, PAGE, IPC_CREAT | IPC_EXCL | 0600));
    show("removed", shmctl(named, IPC_RMID, nullptr));
    show("no more", call(shmget, key, PAGE, 0));
    show("removed twice", shmctl(named, IPC_RMID, nullptr));
}

static void show_state(const char *what) {
    struct shmid_ds state = {};
    long result = shmctl(segment, IPC_STAT, &state);
    if (result != 0) {
        show(what, result);
        return;
    }
    say("%s: size %zu, mode %o, attached %lu, by me %d, created by me %d", what, state.shm_segsz,
        state.shm_perm.mode, (unsigned long)state.shm_nattch, state.shm_lpid == getpid(),
        state.shm_cpid == getpid());
}

static void check_attaching(void) {
    segment = shmget(IPC_PRIVATE, 2 * PAGE + 1, 0600);
    show_ok("private", segment);
    show_state("new");
    memory = shmat(segment, nullptr, 0);
    say("zero: %d %d", memory[0], memory[3 * PAGE - 1]);
    show_state("attached");
    char *reader = shmat(segment, nullptr, SHM_RDONLY);
    memory[5] = 'm';
    say("the same: %c, read only: %s", reader[5], write_outcome(reader));
    show_ok("detached", shmdt(reader));
    show("detached twice", shmdt(reader));
    show("not the start", shmdt(memory + PAGE));
    show_address("unaligned", memory, shmat(segment, memory + 1, 0));
    munmap(reader, 3 * PAGE);
    show_address("rounded", reader, shmat(segment, reader + 1, SHM_RND));
    show_address("taken", reader, shmat(segment, reader, 0));
    show_address("replaced", reader, shmat(segment, reader, SHM_REMAP));
    show_address("replaced anywhere", reader, shmat(segment, nullptr, SHM_REMAP));
    show_address("no such segment", memory, shmat(0x7fffffff, nullptr, 0));
    show_address("negative segment", memory, shmat(-1, nullptr, 0));
    shmdt(reader);
}

static void show_times(const char *what, int id) {
    struct shmid_ds state = {};
    show(what, shmctl(id, IPC_STAT, &state));
    say("attached %d, detached %d, used %d, %ld times", state.shm_atime != 0, state.shm_dtime != 0,
        state.shm_lpid != 0, (long)state.shm_nattch);
}

static void map_over(char *page) {
    show_address("over it", page,
                 mmap(page, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
}

/* Whatever lies between the parts of a segment stays, and all of them go. */
static void check_detaching_parts(void) {
    int id = shmget(IPC_PRIVATE, 4 * PAGE, 0600);
    show_ok("not there", (long)shmat(id, (void *)(64 * PAGE + 1), 0));
    show_times("never attached", id);
    char *start = shmat(id, nullptr, 0);
    show_times("attached once", id);
    map_over(start);
    map_over(start + 2 * PAGE);
    show_times("in two parts", id);
    show("detached", shmdt(start));
    show_times("none left", id);
    const char *first = read_outcome(start), *second = read_outcome(start + PAGE);
    const char *third = read_outcome(start + 2 * PAGE);
    say("%s, %s, %s, %s", first, second, third, read_outcome(start + 3 * PAGE));
    show("detached again", shmdt(start));
    show("removed", shmctl(id, IPC_RMID, nullptr));
    munmap(start, 4 * PAGE);
}

static void in_child(void) {
    show_state("in a child");
    memory[0] = 'c';
    show_ok("child detaches", shmdt(memory));
    show_state("after that");
}

static void check_control(void) {
    struct shmid_ds state = {};
    show("unknown command", shmctl(segment, 99, &state));
    show("to the null page", call(shmctl, segment, IPC_STAT, nullptr));
    show("no such segment's", shmctl(0x7fffffff, IPC_STAT, &state));
    show("state", shmctl(segment, IPC_STAT, &state));
    state.shm_perm.mode = 0640;
    show("set", shmctl(segment, IPC_SET, &state));
    show_state("set");
    show_ok("lock", shmctl(segment, SHM_LOCK, nullptr));
    show_ok("unlock", shmctl(segment, SHM_UNLOCK, nullptr));
    show("removed while attached", shmctl(segment, IPC_RMID, nullptr));
    memory[1] = 'k';
    say("still there: %c%c", memory[0], memory[1]);
    show_state("to be destroyed");
    munmap(memory, PAGE);
    show_state("a part unmapped");
    show_ok("the rest", shmdt(memory));
    show_state("gone");
}

int main(void) {
    check_creation();
    check_attaching();
    check_detaching_parts();
    show_child("child", in_child);
    say("from the child: %c", memory[0]);
    show_state("child is gone");
    check_control();
}
