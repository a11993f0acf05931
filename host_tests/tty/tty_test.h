#pragma once

#include <cstring>
#include <set>
#include <string>

#include "host_tests/files/file_test.h"
#include "host_tests/machine/program.h"
#include "kernel/tty/tty/tty.h"

inline constexpr uint32_t TTYS0 = 0x440;
inline constexpr uint32_t TTY1 = 0x401;

/* Requests of man 2 ioctl_tty. */
inline constexpr uint32_t GET_MODES = 0x5401, SET_MODES = 0x5402, SET_MODES_FLUSHING = 0x5404;
inline constexpr uint32_t GET_SHORT_MODES = 0x5405, SET_SHORT_MODES = 0x5406;
inline constexpr uint32_t GET_MODES_2 = 0x802c542a, SET_MODES_2 = 0x402c542b;
inline constexpr uint32_t SEND_BREAK = 0x5409, FLOW = 0x540a, FLUSH = 0x540b;
inline constexpr uint32_t MAKE_CONTROLLING = 0x540e, GET_FOREGROUND = 0x540f,
                          SET_FOREGROUND = 0x5410;
inline constexpr uint32_t OUTPUT_SIZE = 0x5411, TYPE = 0x5412, GET_WINDOW = 0x5413,
                          SET_WINDOW = 0x5414;
inline constexpr uint32_t GET_SERIAL = 0x541e, INPUT_SIZE = 0x541b, GIVE_UP = 0x5422;
inline constexpr uint32_t SET_DISCIPLINE = 0x5423, GET_SESSION = 0x5429;

/* The process that runs, and what became of others. */
struct World {
    uint32_t group, session;
    bool is_leader, is_deaf, is_orphaned, is_privileged;
    tty *controlling;
    std::set<uint32_t> groups;    /* of the session */
    std::set<uint32_t> strangers; /* groups of others */
    std::multiset<uint32_t> held; /* numbers that are not given again */
    std::string signals;
    uint64_t now;
};
inline World world;

inline const tty_hooks HOOKS = {
    .signal_group =
        [](uint32_t group, int signal) {
            world.signals += std::to_string(group) + ":" + std::to_string(signal) + " ";
        },
    .current_group = [] { return world.group; },
    .current_session = [] { return world.session; },
    .is_session_leader = [] { return world.is_leader; },
    .current_blocks_or_ignores = [](int) { return world.is_deaf; },
    .is_current_group_orphaned = [] { return world.is_orphaned; },
    .hold_group =
        [](uint32_t group, uint32_t session) {
            if (world.groups.count(group) == 0) {
                return world.strangers.count(group) > 0 ? STATUS_NOT_PERMITTED
                                                        : STATUS_NO_SUCH_PROCESS;
            }
            if (session != world.session) {
                return STATUS_NOT_PERMITTED;
            }
            world.held.insert(group);
            return STATUS_OK;
        },
    .let_group_go = [](uint32_t group) { world.held.erase(world.held.find(group)); },
    .set_controlling = [](tty *terminal) { world.controlling = terminal; },
    .controlling = [] { return world.controlling; },
    .is_privileged = [] { return world.is_privileged; },
    .copy_in = [](void *to, uint64_t user, size_t size_bytes) -> size_t {
        if (user == 0) {
            return size_bytes;
        }
        memcpy(to, reinterpret_cast<const void *>(user), size_bytes);
        return 0;
    },
    .copy_out = [](uint64_t user, const void *from, size_t size_bytes) -> size_t {
        if (user == 0) {
            return size_bytes;
        }
        memcpy(reinterpret_cast<void *>(user), from, size_bytes);
        return 0;
    },
    .milliseconds = [] { return world.now; },
};

/* The device under the terminals: keeps what it is sent. A program can be stopped in it. */
struct Device {
    std::string sent;
    unsigned room_count = 0;
};

inline const tty_driver DRIVER = {
    .write =
        [](void *context, const char *bytes, size_t length) {
            static_cast<Device *>(context)->sent.append(bytes, length);
            machine::Program::reach(machine::Moment::MEMORY_REACHED);
        },
    .has_room = [](void *context) { static_cast<Device *>(context)->room_count++; },
};

/* Two terminals, /dev/ttyS0 and the console, in a file system. */
class TtyTest : public FileTest {
  protected:
    void SetUp() override {
        FileTest::SetUp();
        world = {.group = 10, .session = 10, .is_leader = true, .groups = {10, 20}};
        tty_set_hooks(&HOOKS);
        serial = make_tty(TTYS0, &serial_device);
        screen = make_tty(TTY1, &screen_device);
        ASSERT_EQ(tty_register_aliases(screen), STATUS_OK);
        make_node("/ttyS0", TTYS0);
        make_node("/tty1", TTY1);
        make_node("/tty", 0x500);
        make_node("/console", 0x501);
    }

    void end_files() override {
        file.close();
        device_unregister_all();
        tty_destroy_all();
        tty_set_hooks(nullptr);
    }

    static tty *make_tty(uint32_t device, Device *context) {
        const tty_setup setup = {
            .device = device,
            .driver = &DRIVER,
            .context = context,
            .modes = terminal_modes_usual(),
            .window = {.rows = 25, .columns = 80},
        };
        tty *made = nullptr;
        EXPECT_EQ(tty_create(&setup, &made), STATUS_OK);
        return made;
    }

    void make_node(const std::string &path, uint32_t device) {
        node_request request = {};
        request.kind = NODE_CHARACTER_DEVICE;
        request.permissions = 0666;
        request.device = device;
        ASSERT_EQ(path_make(&view, path.c_str(), &request), STATUS_OK);
    }

    void use(uint32_t flags = OPEN_READ_WRITE) {
        file = open("/ttyS0", flags);
    }

    size_t type(const std::string &text) {
        return tty_receive(serial, text.data(), text.size());
    }

    template <typename T> status ask(uint32_t request, T *answer) {
        return file_control(file, request, reinterpret_cast<uint64_t>(answer));
    }

    uint32_t number(uint32_t request) {
        uint32_t answer = UINT32_MAX;
        EXPECT_EQ(ask(request, &answer), STATUS_OK);
        return answer;
    }

    status set_foreground(uint32_t group) {
        return ask(SET_FOREGROUND, &group);
    }

    terminal_modes modes() {
        terminal_modes answer = {};
        EXPECT_EQ(ask(GET_MODES_2, &answer), STATUS_OK);
        return answer;
    }

    void set_local(uint32_t cleared, uint32_t set, uint8_t least = 1, uint8_t tenths = 0) {
        terminal_modes changed = modes();
        changed.local = (changed.local & ~cleared) | set;
        changed.characters[TTY_VMIN] = least;
        changed.characters[TTY_VTIME] = tenths;
        ASSERT_EQ(ask(SET_MODES_2, &changed), STATUS_OK);
    }

    Device serial_device, screen_device;
    tty *serial = nullptr;
    tty *screen = nullptr;
    Open file;
};
