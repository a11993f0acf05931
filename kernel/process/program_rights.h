#pragma once

#include "kernel/files/file/file.h"
#include "kernel/files/path/path.h"
#include "kernel/process/process.h"
#include "lib/decls.h"

/* On whose behalf a program runs once execve has begun it (man 2 execve, man 7 credentials). */

BEGIN_C_DECLS

constexpr uint32_t RIGHTS_OF_CALLER = UINT32_MAX;

/* Whose rights a program's file gives: by its set-user-ID and set-group-ID bits. */
struct program_rights {
    uint32_t user, group; /* RIGHTS_OF_CALLER: not the file's */
    bool are_withheld;    /* somebody who has no right to them could use them */
    bool is_unreadable;   /* the caller may execute the file, and not see what is in it */
};

/* Of the file that the current process is about to execute; nobody's but the caller's under
 * PR_SET_NO_NEW_PRIVS, where others share its places, and before there is a process. */
struct program_rights program_rights_of(const struct path_view *view, struct file *file);

/* Whether they are more than the caller's. */
bool program_rights_are_given(const struct program_rights *rights);

/* What becomes of credentials: the effective ids are the file's where it gives any, and the saved
 * ones and those for files follow them. Where rights are withheld, they are the real ones. */
struct process_credentials credentials_after(const struct process_credentials *before,
                                             const struct program_rights *rights);

/* AT_SECURE: whether the program acts for somebody else than who started it, or would. */
bool program_rights_are_secure(const struct process_credentials *before,
                               const struct program_rights *rights);

/* Whether somebody acts for somebody else than who started it. */
bool credentials_are_secure(const struct process_credentials *credentials);

/* The current task's process begins the program. Who was somebody else than it acted for, or
 * becomes so, cannot be looked into any more, and no parent's end sends it a signal; nor can who
 * executes what it may not read. */
void program_rights_take(struct task *task, const struct program_rights *rights)
    REQUIRES(process_tree);

END_C_DECLS
