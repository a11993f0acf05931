#include "kernel/signal/pending.h"

void pending_init(struct pending_signals *pending) {
    pending->set = 0;
    list_init(&pending->notes);
}

bool pending_takes(const struct pending_signals *pending, unsigned signal) {
    return signal >= SIGNAL_REALTIME || !(pending->set & signal_bit(signal));
}

void pending_add(struct pending_signals *pending, unsigned signal, struct signal_note *note) {
    pending->set |= signal_bit(signal);
    if (note) {
        list_push_back(&pending->notes, &note->link);
    }
}

unsigned pending_first(const struct pending_signals *pending, signal_set set) {
    signal_set found = pending->set & set;
    if (found & SIGNALS_OF_FAULTS) {
        found &= SIGNALS_OF_FAULTS;
    }
    return found ? (unsigned)__builtin_ctzll(found) + 1 : 0;
}

static struct signal_note *note_of(struct list_node *node) {
    return LIST_ENTRY(node, struct signal_note, link);
}

struct signal_note *pending_take(struct pending_signals *pending, unsigned signal) {
    struct signal_note *taken = nullptr;
    bool has_more = false;
    for (struct list_node *at = pending->notes.next; at != &pending->notes; at = at->next) {
        if ((unsigned)note_of(at)->info.signal != signal) {
            continue;
        }
        has_more = taken != nullptr;
        taken = taken ? taken : note_of(at);
        if (has_more) {
            break;
        }
    }
    if (taken) {
        list_remove(&taken->link);
    }
    if (!has_more) {
        pending->set &= ~signal_bit(signal);
    }
    return taken;
}

void pending_drop(struct pending_signals *pending, signal_set set, struct list_node *dropped) {
    pending->set &= ~set;
    struct list_node *next;
    for (struct list_node *at = pending->notes.next; at != &pending->notes; at = next) {
        next = at->next;
        if (signal_bit((unsigned)note_of(at)->info.signal) & set) {
            list_remove(at);
            list_push_back(dropped, at);
        }
    }
}
