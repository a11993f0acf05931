#include "kernel/ipc/message.h"
#include "kernel/proc/tables.h"

/* /proc/sysvipc (man 5 proc). */

/* The digits of a mode, as %4o of man 3 printf shows them. */
static unsigned octal_digits(uint32_t mode) {
    return (mode >> 9 & 7) * 1000 + (mode >> 6 & 7) * 100 + (mode >> 3 & 7) * 10 + (mode & 7);
}

static void write_queue(const struct text_sink *sink, int32_t number,
                        const struct message_queue_state *state) {
    const struct ipc_rights *rights = &state->rights;
    format_to(sink, "%10d %10d  %4u  %10llu %10llu %5u %5u ", (int32_t)rights->key, number,
              octal_digits(rights->mode), (unsigned long long)state->used_bytes,
              (unsigned long long)state->message_count, (unsigned)state->last_sender,
              (unsigned)state->last_receiver);
    format_to(sink, "%5u %5u %5u %5u %10lld %10lld %10lld\n", rights->user, rights->group,
              rights->creator, rights->creator_group, (long long)state->sent_seconds,
              (long long)state->received_seconds, (long long)state->changed_seconds);
}

static void write_queue_head(const struct text_sink *sink) {
    format_to(sink, "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  "
                    "cuid  cgid      stime      rtime      ctime\n");
}

/* The cursor is 0 before the head, and one more than the next slot behind it. */
static enum status messages_show_next(const struct made_view *view, uint64_t *cursor,
                                      const struct text_sink *sink) {
    static const struct ipc_caller anybody;
    struct message_queue_state state;
    int64_t number = -1;
    (void)view;
    if (*cursor == 0) {
        write_queue_head(sink);
        *cursor = 1;
        return STATUS_OK;
    }
    const struct message_usage usage = message_usage();
    while (number < 0 && *cursor <= (uint64_t)usage.last_slot + 1) {
        number = message_queue_describe_slot(&anybody, (uint32_t)(*cursor)++ - 1, true, &state);
    }
    if (number >= 0) {
        write_queue(sink, (int32_t)number, &state);
    }
    return STATUS_OK;
}

static const struct made_entry entries[] = {
    {.name = "msg", .kind = NODE_REGULAR, .permissions = 0444, .show_next = messages_show_next},
};

const struct made_directory ipc_directory = {
    .entries = entries,
    .entry_count = sizeof(entries) / sizeof(entries[0]),
};
