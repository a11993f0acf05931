#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernel/files/file/file.h"
#include "kernel/files/path/mount.h"
#include "kernel/files/transfer/transfer.h"
#include "kernel/files/wait/wait.h"
#include "lib/decls.h"
#include "lib/status.h"

/*
 * Sockets of AF_UNIX (man 7 unix): pairs, names in file systems and abstract ones, connections,
 * messages with open files and credentials.
 */

BEGIN_C_DECLS

/* Linux's numbers. */
enum socket_kind : uint32_t {
    SOCKET_STREAM = 1,
    SOCKET_DATAGRAM = 2,
    SOCKET_SEQUENCED = 5, /* SOCK_SEQPACKET */
};

constexpr size_t SOCKET_PATH_SIZE = 108;
constexpr uint32_t SOCKET_FAMILY_UNIX = 1;
constexpr uint32_t SOCKET_NAME_START = 2;        /* where the path of struct sockaddr_un begins */
constexpr uint32_t SOCKET_FILES_MAX = 253;       /* SCM_MAX_FD: that go with one message */
constexpr uint32_t SOCKET_BUFFER_SIZE = 212'992; /* /proc/sys/net/core/wmem_default, rmem_default */
constexpr uint64_t SOCKET_WAITS_FOR_EVER = UINT64_MAX;

/* A struct sockaddr_un, without what is behind its end. */
struct socket_name {
    uint32_t size_bytes; /* 0: there is none */
    char bytes[SOCKET_NAME_START + SOCKET_PATH_SIZE + 1];
};

/* struct ucred of man 7 unix. */
struct socket_credentials {
    uint32_t process, user, group;
};

/* On whose behalf a socket is used. */
struct socket_caller {
    struct socket_credentials real, effective;
    uint64_t files_in_flight_max; /* that the user may have sent and nobody has received yet */
};

/* What the processes' side does for sockets, called with no lock of sockets held. */
struct socket_hooks {
    struct socket_caller (*caller)(void);

    /* As sleeper_sleep, no longer than *left_ns, which says afterwards what is left. */
    enum status (*sleep)(struct sleeper *sleeper, uint64_t *left_ns);

    /* What a path names, which must be writable for the caller; owned. */
    enum status (*find)(const char *path, struct location *place);

    /* A new node at the path, owned, without what the umask takes; and takes it away again. */
    enum status (*make)(const char *path, const struct node_request *request,
                        struct location *place);
    void (*unmake)(const char *path);
};

/* Null stands for nobody, who sleeps as long as it takes and finds nothing. */
void socket_set_hooks(const struct socket_hooks *hooks);

/* man 2 socket, socketpair. Of the flags only FILE_NO_WAIT matters. Errors: STATUS_NO_MEMORY. */
enum status socket_open(enum socket_kind kind, uint32_t flags, struct file **file);
enum status socket_open_pair(enum socket_kind kind, uint32_t flags, struct file *ends[2]);

/* What follows is for files that are sockets. */
bool file_is_socket(const struct file *file);
enum socket_kind socket_kind_of(const struct file *file);

/* man 2 bind, of an address as it was given; one without a path takes an abstract name that is
 * free. Errors: STATUS_INVALID, no such address, or it has a name; STATUS_ADDRESS_IN_USE; those of
 * making a node. */
enum status socket_bind(struct file *file, const struct socket_name *name);

/* man 2 listen. Errors: STATUS_NOT_SUPPORTED, of datagrams; STATUS_INVALID. */
enum status socket_listen(struct file *file, uint32_t backlog);

/* man 2 connect. Errors: STATUS_INVALID; STATUS_REFUSED; STATUS_WRONG_SOCKET_KIND; those of paths;
 * STATUS_IS_CONNECTED; STATUS_TRY_AGAIN; STATUS_INTERRUPTED; STATUS_NOT_PERMITTED, it talks to
 * another one; STATUS_NO_MEMORY. */
enum status socket_connect(struct file *file, const struct socket_name *name);

/* man 2 accept. Errors: STATUS_NOT_SUPPORTED; STATUS_INVALID, it does not listen; STATUS_TRY_AGAIN;
 * STATUS_INTERRUPTED; STATUS_NO_MEMORY. */
enum status socket_accept(struct file *file, uint32_t flags, struct file **accepted);

/* man 2 shutdown. */
struct socket_directions {
    bool receiving, sending;
};

void socket_shut_down(struct file *file, struct socket_directions which);

/* man 2 getsockname, getpeername. One without a name has but its family. Errors:
 * STATUS_NOT_CONNECTED. */
struct socket_name socket_own_name(const struct file *file);
enum status socket_peer_name(const struct file *file, struct socket_name *name);

/* Open files on their way: an owned reference to each. */
struct socket_files {
    uint32_t count;
    struct file *files[SOCKET_FILES_MAX];
};

/* Null is ignored. */
void socket_files_free(struct socket_files *files);

struct socket_sending {
    struct transfer *transfer;
    const struct socket_name *to; /* null: whoever it is connected to */
    struct socket_files *files;   /* owned by the sending; null: none */
    bool has_credentials;         /* SCM_CREDENTIALS */
    bool may_wait;
    struct socket_credentials credentials;
};

/*
 * man 2 sendmsg: a message, or bytes of a stream. Errors: STATUS_BROKEN_PIPE, for which
 * transfer->breaks_silently is set where no signal is due; STATUS_MESSAGE_TOO_LONG;
 * STATUS_NOT_CONNECTED; STATUS_IS_CONNECTED; STATUS_NOT_SUPPORTED; STATUS_CONNECTION_RESET; those
 * of socket_connect for an address; STATUS_TOO_MANY_IN_FLIGHT; STATUS_FAULT.
 */
enum status socket_send(struct file *file, struct socket_sending *sending);

struct socket_receiving {
    struct transfer *transfer;
    bool peeks, wants_all, may_wait;

    size_t packet_bytes;       /* a packet's whole size; 0 of streams */
    bool is_cut;               /* the packet is longer than the transfer */
    struct socket_name sender; /* whose message it is */
    struct socket_credentials credentials;
    struct socket_files *files; /* the caller's then, also after an error; null: none */
};

/* man 2 recvmsg. Nothing at the end. Errors: STATUS_TRY_AGAIN; STATUS_INTERRUPTED;
 * STATUS_INVALID, STATUS_NOT_CONNECTED, it is not connected; STATUS_CONNECTION_RESET;
 * STATUS_FAULT. */
enum status socket_receive(struct file *file, struct socket_receiving *receiving);

/* How many bytes can be received (SIOCINQ), of datagrams the first one's; what is sent and has not
 * been received (SIOCOUTQ), with what it costs. Errors: STATUS_INVALID, it listens. */
enum status socket_pending(const struct file *file, size_t *size_bytes);
size_t socket_unreceived(const struct file *file);

/* Options of man 7 socket, in Linux's numbers. */
enum socket_option : uint32_t {
    OPTION_DEBUG = 1,
    OPTION_REUSE_ADDRESS = 2,
    OPTION_TYPE = 3,
    OPTION_ERROR = 4,
    OPTION_DO_NOT_ROUTE = 5,
    OPTION_BROADCAST = 6,
    OPTION_SEND_SIZE = 7,
    OPTION_RECEIVE_SIZE = 8,
    OPTION_KEEP_ALIVE = 9,
    OPTION_URGENT_INLINE = 10,
    OPTION_NO_CHECK = 11,
    OPTION_PRIORITY = 12,
    OPTION_LINGER = 13,
    OPTION_REUSE_PORT = 15,
    OPTION_PASS_CREDENTIALS = 16,
    OPTION_PEER_CREDENTIALS = 17,
    OPTION_RECEIVE_LEAST = 18,
    OPTION_SEND_LEAST = 19,
    OPTION_RECEIVE_TIMEOUT = 20,
    OPTION_SEND_TIMEOUT = 21,
    OPTION_ACCEPTS = 30,
    OPTION_SEND_SIZE_FORCE = 32,
    OPTION_RECEIVE_SIZE_FORCE = 33,
    OPTION_PROTOCOL = 38,
    OPTION_DOMAIN = 39,
};

/* Those that are a number. Asking for OPTION_ERROR takes the error. Errors:
 * STATUS_NO_SUCH_OPTION; STATUS_NOT_SUPPORTED. */
enum status socket_option(struct file *file, enum socket_option option, int32_t *value);
enum status socket_set_option(struct file *file, enum socket_option option, int32_t value);

struct socket_linger {
    int32_t is_on, seconds;
};

struct socket_linger socket_linger(const struct file *file);
void socket_set_linger(struct file *file, struct socket_linger linger);

/* How long receiving and sending may wait: SOCKET_WAITS_FOR_EVER, or nanoseconds. */
uint64_t socket_timeout(const struct file *file, enum socket_option option);
void socket_set_timeout(struct file *file, enum socket_option option, uint64_t timeout_ns);

struct socket_credentials socket_peer_credentials(const struct file *file);

/* Whether messages are received with credentials (SO_PASSCRED). */
bool socket_passes_credentials(const struct file *file);

END_C_DECLS
