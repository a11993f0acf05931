#include "kernel/files/user/user.h"

#include "lib/check.h"
#include "lib/list.h"
#include "mm/heap/heap.h"
#include "mm/lock/sleep_lock.h"

struct file_user {
    struct list_node link;
    uint32_t number;      /* fixed at creation */
    uint64_t entry_count; /* guarded by users_lock, as the next */
    int64_t counts[USER_COUNT_KINDS];
};

static struct sleep_lock users_lock;
static struct list_node users = {&users, &users}; /* guarded by users_lock: those that entered */

static struct file_user *find(uint32_t number) REQUIRES(users_lock) {
    for (struct list_node *at = users.next; at != &users; at = at->next) {
        struct file_user *user = LIST_ENTRY(at, struct file_user, link);
        if (user->number == number) {
            return user;
        }
    }
    return nullptr;
}

static struct file_user *make(uint32_t number) REQUIRES(users_lock) {
    struct file_user *made = heap_alloc(sizeof(*made));
    if (made != nullptr) {
        made->number = number;
        list_push_back(&users, &made->link);
    }
    return made;
}

enum status file_user_enter(uint32_t number, struct file_user **user) {
    sleep_lock_acquire(&users_lock);
    struct file_user *found = find(number);
    if (found == nullptr) {
        found = make(number);
    }
    if (found != nullptr) {
        found->entry_count++;
    }
    sleep_lock_release(&users_lock);
    *user = found;
    return found == nullptr ? STATUS_NO_MEMORY : STATUS_OK;
}

static void check_has_nothing(const struct file_user *user) REQUIRES(users_lock) {
    for (unsigned kind = 0; kind < USER_COUNT_KINDS; kind++) {
        CHECK(user->counts[kind] == 0);
    }
}

void file_user_leave(struct file_user *user) {
    sleep_lock_acquire(&users_lock);
    bool is_last = --user->entry_count == 0;
    if (is_last) {
        check_has_nothing(user);
        list_remove(&user->link);
    }
    sleep_lock_release(&users_lock);
    if (is_last) {
        heap_free(user);
    }
}

int64_t file_user_add(struct file_user *user, enum user_count kind, int64_t change) {
    sleep_lock_acquire(&users_lock);
    int64_t count = user->counts[kind] += change;
    sleep_lock_release(&users_lock);
    return count;
}

bool file_user_is_root(const struct file_user *user) {
    return user->number == 0;
}
