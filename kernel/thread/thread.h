#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernel/cpu/context.h"
#include "lib/decls.h"
#include "lib/list.h"
#include "lib/status.h"
#include "mm/addr/addr.h"
#include "mm/space/address_space.h"

/*
 * Threads, and the round-robin scheduler that gives them the CPU in turn. A thread loses the CPU
 * when it sleeps, yields or ends, at a timer tick that finds pre-emption on, or when one with a
 * higher priority is ready. One CPU runs threads; its queues are guarded by interrupts being off.
 */

BEGIN_C_DECLS

constexpr size_t THREAD_NAME_SIZE_BYTES = 24;

/* Who has a higher priority runs first. Those of 0 take turns; from 1 to THREAD_PRIORITY_REALTIME
 * they leave the others a twentieth of each second (man 7 sched). Threads that serve others have
 * the highest, and leave half of each second: whom they serve may be anybody. */
constexpr unsigned THREAD_PRIORITY_REALTIME = 99;
constexpr unsigned THREAD_PRIORITY_MAX = 100;

enum thread_state : uint8_t {
    THREAD_NEW, /* not started */
    THREAD_READY,
    THREAD_RUNNING,
    THREAD_SLEEPING,
    THREAD_ENDED,
};

struct thread {
    struct list_node link;       /* in the ready queue, among the sleepers or among the ended;
                                    guarded by interrupts */
    struct cpu_context *context; /* while it does not run */
    struct virt_range stack;     /* fixed at creation */
    uint64_t stack_top;          /* fixed at creation; below the floating-point state, if any */
    void *fpu_area;              /* fixed at creation; nullptr: never runs user code */
    struct address_space *space; /* its own thread's, once it runs */
    void *owner;                 /* fixed at creation: what thread_create_user was told */
    void (*on_gone)(struct thread *thread); /* not null: it was left to itself; see thread_leave */
    void (*main)(void *);                   /* fixed at creation */
    void *argument;                         /* fixed at creation */
    const uint32_t *sleeps_on;              /* guarded by interrupts */
    virt_addr_t fs_base;                    /* while it does not run */
    virt_addr_t gs_base;
    uint64_t user_ticks;   /* of the timer, that found it in user mode and in the kernel; its */
    uint64_t kernel_ticks; /* CPU's, others may read them */
    uint64_t
        voluntary_switches; /* it slept; and its turn was over: guarded by interrupts, others */
    uint64_t involuntary_switches; /* may read them */
    uint8_t priority;              /* guarded by interrupts, as the next two */
    bool keeps_turn;               /* of a real-time priority: only a higher one ends its turn */
    uint32_t turn_ticks;           /* of the timer, in this turn */
    uint32_t turn_count;     /* how often it got the CPU from another; guarded by interrupts */
    uint32_t is_gone;        /* 1 once no CPU is on its stack any more; a word to sleep on */
    enum thread_state state; /* guarded by interrupts */
    char name[THREAD_NAME_SIZE_BYTES]; /* fixed at creation */
};

/* Pages of a kernel stack. */
constexpr uint64_t THREAD_STACK_PAGES = 4;

/*
 * Makes the code that runs now the first thread; `stack` is what it runs on. Once, with interrupts
 * off. Errors: STATUS_NO_MEMORY, for the idle thread.
 */
enum status thread_begin(struct virt_range stack);

/*
 * A thread that will run main(argument) in the kernel's space, on a guarded stack of its own; and
 * one that will also run user code in `space`, on behalf of `owner`. It runs once started; when
 * main returns, it ends. `name` is copied and cut. Errors: STATUS_NO_MEMORY.
 */
enum status thread_create_kernel(const char *name, void (*main)(void *), void *argument,
                                 struct thread **thread);
enum status thread_create_user(const char *name, struct address_space *space, void *owner,
                               void (*main)(void *), void *argument, struct thread **thread);

/* For a user thread that has not started: the floating-point state and the bases of the current
 * one, which must be a user thread too. */
void thread_copy_user_state(struct thread *thread);

void thread_start(struct thread *thread);

/* At most THREAD_PRIORITY_MAX; `keeps_turn` is SCHED_FIFO. */
void thread_set_priority(struct thread *thread, unsigned priority, bool keeps_turn);

/* The current thread, which is not left to itself, runs in `space` from here on. */
void thread_set_space(struct address_space *space);

/* Sleeps until the thread has ended and left its stack. */
void thread_wait(const struct thread *thread);

/* Frees a thread that was never started or that thread_wait returned for. */
void thread_destroy(struct thread *thread);

struct thread *thread_current(void);

/* Lets the other ready threads run first. */
void thread_yield(void);

[[noreturn]] void thread_end(void);

/*
 * Ends the current thread, which nobody waits for: once no CPU is on its stack any more, on_gone is
 * called in a thread of the kernel's, which may sleep, and destroys it. Before others can know that
 * it will end, it has announced so: from there on thread_drain waits for it.
 */
void thread_announce_leave(void);
[[noreturn]] void thread_leave(void (*on_gone)(struct thread *thread));

/* Sleeps until every thread that has announced its leave is gone. */
void thread_drain(void);

/* platform_sleep_while and platform_wake_one of mm/platform.h. */
void thread_sleep_while(const uint32_t *word, uint32_t expected);
void thread_wake_one(const uint32_t *word);

/* What the CPUs have done since the boot. */
struct thread_statistics {
    uint64_t switch_count;
    uint64_t user_ticks, kernel_ticks, idle_ticks; /* of the timer */
    uint64_t loads[3]; /* threads that wanted a CPU, over 1, 5 and 15 minutes, in THREAD_LOAD_ONE */
    uint32_t running_count; /* that want a CPU now */
};

constexpr uint64_t THREAD_LOAD_ONE = 2048;

struct thread_statistics thread_statistics(void);

/* At a timer tick, with interrupts off: the current thread's turn is over, now or, where
 * pre-emption is off, once thread_preempt_enable turns it on. */
void thread_tick(bool was_in_user_mode);

void thread_preempt_disable(void);
void thread_preempt_enable(void);

END_C_DECLS
