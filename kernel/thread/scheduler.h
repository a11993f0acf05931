#pragma once

#include "kernel/thread/thread.h"

/* What the two halves of this room share: thread.c makes threads, scheduler.c moves them. */

/* The first code of every thread: ends the switch that led to it and runs thread->main. */
[[noreturn]] void scheduler_enter_thread(void *thread);

/* Takes `first` for the thread that runs now, and `idle` for the one to run when none is ready. */
void scheduler_begin(struct thread *first, struct thread *idle);

/* What the reaper runs: calls on_gone of every thread that has left. */
[[noreturn]] void scheduler_reap(void *unused);

/* What the idle thread runs. */
void scheduler_idle(void *unused);
