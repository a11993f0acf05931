#include "kernel/clock/clock.h"
#include "kernel/clock/sleep.h"
#include "kernel/files/path/changes.h"
#include "kernel/process/process.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/files/deadline.h"
#include "kernel/syscall/files/socket_calls.h"

/* What sockets know of the process that uses them. */

static struct socket_caller current_caller(void) {
    const struct process *process = process_current();
    const struct process_credentials *own = &process->credentials;
    bool is_limited = !process_has_capabilities();
    return (struct socket_caller){
        .real = {process->number, own->real_user, own->real_group},
        .effective = {process->number, own->effective_user, own->effective_group},
        .files_in_flight_max = is_limited ? process->limits[RESOURCE_FILES].soft : UINT64_MAX,
    };
}

/* A wait that would begin anew with all of its time is not gone on with after a signal. */
static enum status sleep_for(struct sleeper *sleeper, uint64_t *left_ns) {
    struct alarm alarm;
    bool is_limited = *left_ns != SOCKET_WAITS_FOR_EVER;
    uint64_t now = clock_now();
    uint64_t deadline = is_limited && *left_ns < NO_DEADLINE - now ? now + *left_ns : NO_DEADLINE;
    alarm_begin(&alarm, sleeper, deadline);
    enum status status = sleeper_sleep(sleeper);
    alarm_end(&alarm);
    if (is_limited) {
        *left_ns = deadline_left(deadline);
    }
    if (is_limited && status == STATUS_INTERRUPTED) {
        task_current()->restart = RESTART_NEVER;
    }
    return status;
}

/* Paths as the current task means them. */
struct own_view {
    struct credentials credentials;
    struct path_view view; /* its places are owned */
};

static void begin_view(struct own_view *own) {
    own->credentials = acting_credentials();
    own->view = (struct path_view){
        .root = file_context_root(task_current()->places),
        .start = file_context_current(task_current()->places),
        .credentials = &own->credentials,
    };
}

static void end_view(const struct own_view *own) {
    location_unref(&own->view.root);
    location_unref(&own->view.start);
}

static enum status check_target(const struct own_view *own, const struct location *place) {
    enum status status = node_check_access(place->node, &own->credentials, MAY_WRITE);
    bool is_socket = place->node->kind == NODE_SOCKET;
    return status == STATUS_OK && !is_socket ? STATUS_REFUSED : status;
}

static enum status find(const char *path, struct location *place) {
    struct own_view own;
    begin_view(&own);
    enum status status = path_resolve(&own.view, path, LAST_LINK_FOLLOW, place);
    if (status == STATUS_OK) {
        status = check_target(&own, place);
        if (status != STATUS_OK) {
            location_unref(place);
        }
    }
    end_view(&own);
    return status;
}

static enum status make(const char *path, const struct node_request *request,
                        struct location *place) {
    struct own_view own;
    struct node_request masked = *request;
    masked.permissions &= ~__atomic_load_n(&task_current()->places->umask, __ATOMIC_RELAXED);
    begin_view(&own);
    enum status status = path_make_place(&own.view, path, &masked, place);
    end_view(&own);
    return status;
}

static void unmake(const char *path) {
    struct own_view own;
    begin_view(&own);
    (void)path_remove(&own.view, path);
    end_view(&own);
}

void socket_calls_begin(void) {
    static const struct socket_hooks hooks = {
        .caller = current_caller,
        .sleep = sleep_for,
        .find = find,
        .make = make,
        .unmake = unmake,
    };
    socket_set_hooks(&hooks);
}
