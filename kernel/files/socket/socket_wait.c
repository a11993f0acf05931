#include "kernel/files/socket/state.h"

void socket_wait_begin(struct socket_wait *wait, struct socket *socket, uint64_t timeout_ns) {
    *wait = (struct socket_wait){
        .waiter = {.sleeper = &wait->sleeper},
        .left_ns = timeout_ns,
    };
    wait_queue_add(&socket->changed, &wait->waiter);
}

enum status socket_wait_more(struct socket_wait *wait) {
    if (wait->left_ns == 0) {
        return STATUS_TRY_AGAIN;
    }
    const struct socket_hooks *hooks = socket_hooks();
    sleeper_prepare(&wait->sleeper);
    sleep_lock_release(&socket_lock);
    enum status status = hooks != nullptr ? hooks->sleep(&wait->sleeper, &wait->left_ns)
                                          : sleeper_sleep(&wait->sleeper);
    sleep_lock_acquire(&socket_lock);
    return status;
}

void socket_wait_end(struct socket_wait *wait) {
    waiter_remove(&wait->waiter);
}
