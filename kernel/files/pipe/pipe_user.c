#include "kernel/files/pipe/pipe_user.h"

#include "lib/check.h"
#include "lib/list.h"
#include "mm/heap/heap.h"
#include "mm/lock/sleep_lock.h"

struct pipe_user {
    struct list_node link;
    uint32_t number;     /* fixed at creation */
    uint64_t pipe_count; /* guarded by users_lock, as the next */
    int64_t slot_count;
};

static struct sleep_lock users_lock;
static struct list_node users = {&users, &users}; /* guarded by users_lock: those with pipes */

static struct pipe_user *find(uint32_t number) REQUIRES(users_lock) {
    for (struct list_node *at = users.next; at != &users; at = at->next) {
        struct pipe_user *user = LIST_ENTRY(at, struct pipe_user, link);
        if (user->number == number) {
            return user;
        }
    }
    return nullptr;
}

static struct pipe_user *make(uint32_t number) REQUIRES(users_lock) {
    struct pipe_user *made = heap_alloc(sizeof(*made));
    if (made != nullptr) {
        made->number = number;
        list_push_back(&users, &made->link);
    }
    return made;
}

enum status pipe_user_enter(uint32_t number, struct pipe_user **user) {
    sleep_lock_acquire(&users_lock);
    struct pipe_user *found = find(number);
    if (found == nullptr) {
        found = make(number);
    }
    if (found != nullptr) {
        found->pipe_count++;
    }
    sleep_lock_release(&users_lock);
    *user = found;
    return found == nullptr ? STATUS_NO_MEMORY : STATUS_OK;
}

void pipe_user_leave(struct pipe_user *user) {
    sleep_lock_acquire(&users_lock);
    bool is_last = --user->pipe_count == 0;
    if (is_last) {
        CHECK(user->slot_count == 0);
        list_remove(&user->link);
    }
    sleep_lock_release(&users_lock);
    if (is_last) {
        heap_free(user);
    }
}

bool pipe_user_add(struct pipe_user *user, int64_t slot_count) {
    sleep_lock_acquire(&users_lock);
    user->slot_count += slot_count;
    bool is_within = user->slot_count <= PIPE_USER_PAGES_SOFT;
    sleep_lock_release(&users_lock);
    return is_within;
}

bool pipe_user_is_root(const struct pipe_user *user) {
    return user->number == 0;
}
