#include "kernel/terminal/input.h"

#include "drivers/key_decode.h"
#include "drivers/keyboard.h"
#include "drivers/pic.h"
#include "drivers/timer.h"
#include "kernel/cpu/cpu.h"
#include "kernel/thread/thread.h"
#include "kernel/tty/tty/tty.h"

constexpr uint32_t RING_SIZE = 1024;
constexpr size_t PIECE_SIZE = 64;
constexpr unsigned POLLS_PER_SECOND = 10;

/* One interrupt handler puts, one thread takes. What comes into a full one is lost. */
struct ring {
    uint32_t head, tail; /* atomic; never taken modulo the size */
    uint8_t bytes[RING_SIZE];
};

/* Where bytes come from; guarded by interrupts, but for the ring. */
struct source {
    struct ring ring;
    bool (*take)(uint8_t *byte);
    bool has_interrupted;
    bool is_polled; /* it has bytes, and yet never interrupted */
};

static struct input_routes routes; /* fixed by input_begin */
static struct key_decoder decoder; /* the thread's */
static bool is_running;            /* atomic */
static uint32_t is_wanted;         /* atomic; the thread sleeps on it */

static bool take_from_com1(uint8_t *byte) {
    return routes.com1 != nullptr && serial_poll(routes.com1, byte);
}

static bool take_from_com2(uint8_t *byte) {
    return routes.com2 != nullptr && serial_poll(routes.com2, byte);
}

static struct source keyboard = {.take = keyboard_take_scan_code};
static struct source com1 = {.take = take_from_com1};
static struct source com2 = {.take = take_from_com2};
static struct ring replies;

static void want_thread(void) {
    __atomic_store_n(&is_wanted, 1, __ATOMIC_RELEASE);
    thread_wake_one(&is_wanted);
}

static void ring_put(struct ring *ring, uint8_t byte) {
    uint32_t head = ring->head;
    if (head - __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE) < RING_SIZE) {
        ring->bytes[head % RING_SIZE] = byte;
        __atomic_store_n(&ring->head, head + 1, __ATOMIC_RELEASE);
    }
}

/* Copies out the first bytes, which stay until ring_drop. */
static size_t ring_look(const struct ring *ring, char *bytes, size_t size) {
    uint32_t used = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE) - ring->tail;
    size_t count = used < size ? used : size;
    for (size_t i = 0; i < count; i++) {
        bytes[i] = (char)ring->bytes[(ring->tail + i) % RING_SIZE];
    }
    return count;
}

static void ring_drop(struct ring *ring, size_t count) {
    __atomic_store_n(&ring->tail, ring->tail + (uint32_t)count, __ATOMIC_RELEASE);
}

/* Empties the device, so that it can interrupt again; whether it had anything. */
static bool collect(struct source *source) {
    uint8_t byte;
    bool has_any = false;
    for (uint32_t i = 0; i < RING_SIZE && source->take(&byte); i++) {
        ring_put(&source->ring, byte);
        has_any = true;
    }
    return has_any;
}

static void collect_after_interrupt(struct source *source) {
    source->has_interrupted = true;
    if (collect(source)) {
        want_thread();
    }
}

/* Interrupts get lost, and some machines have none to give: then it is looked at each tick. */
static void collect_by_polling(struct source *source, bool is_turn) {
    if (!is_turn && !source->is_polled) {
        return;
    }
    if (collect(source)) {
        source->is_polled = !source->has_interrupted;
        want_thread();
    }
}

static void tick(void) {
    bool is_turn = timer_ticks() % (TIMER_HERTZ / POLLS_PER_SECOND) == 0;
    collect_by_polling(&keyboard, is_turn);
    collect_by_polling(&com1, is_turn);
    collect_by_polling(&com2, is_turn);
    if (is_turn && tty_wants_ticks()) {
        want_thread();
    }
}

void input_interrupt(uint8_t line) {
    if (!__atomic_load_n(&is_running, __ATOMIC_ACQUIRE)) {
        return;
    }
    switch (line) {
    case IRQ_TIMER:
        tick();
        break;
    case IRQ_KEYBOARD:
        collect_after_interrupt(&keyboard);
        break;
    case IRQ_COM1:
        collect_after_interrupt(&com1);
        break;
    case IRQ_COM2:
        collect_after_interrupt(&com2);
        break;
    default:
        break;
    }
}

void input_reply(const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        ring_put(&replies, (uint8_t)bytes[i]);
    }
    want_thread();
}

void input_resume(void) {
    if (__atomic_load_n(&is_running, __ATOMIC_ACQUIRE)) {
        want_thread();
    }
}

/* What the terminal does not take stays. */
static void hand_on(struct ring *ring, struct tty *to) {
    char piece[PIECE_SIZE];
    size_t count;
    while ((count = ring_look(ring, piece, sizeof(piece))) > 0) {
        size_t taken = tty_receive(to, piece, count);
        ring_drop(ring, taken);
        if (taken < count) {
            return;
        }
    }
}

/* A key that the terminal has no room for is lost. */
static void hand_on_keys(void) {
    char code;
    char text[KEY_TEXT_SIZE];
    while (ring_look(&keyboard.ring, &code, 1) > 0) {
        ring_drop(&keyboard.ring, 1);
        uint16_t key = key_decode(&decoder, (uint8_t)code);
        size_t length = key_text(key, *routes.has_cursor_keys, text);
        (void)tty_receive(routes.from_keyboard, text, length);
    }
}

static void serve(void *unused) {
    (void)unused;
    for (;;) {
        thread_sleep_while(&is_wanted, 0);
        __atomic_store_n(&is_wanted, 0, __ATOMIC_SEQ_CST);
        hand_on_keys();
        hand_on(&replies, routes.from_keyboard);
        hand_on(&com1.ring, routes.from_com1);
        hand_on(&com2.ring, routes.from_com2);
        if (tty_wants_ticks()) {
            tty_tick();
        }
    }
}

static void open_line(const struct serial *serial, uint8_t line) {
    if (serial != nullptr) {
        serial_begin_receiving(serial);
        pic_unmask(line);
    }
}

enum status input_begin(const struct input_routes *given) {
    struct thread *thread;
    enum status status = thread_create_kernel("input", serve, nullptr, &thread);
    if (status != STATUS_OK) {
        return status;
    }
    routes = *given;
    thread_set_priority(thread, THREAD_PRIORITY_MAX, false);
    thread_start(thread);
    bool were_enabled = interrupts_save();
    __atomic_store_n(&is_running, true, __ATOMIC_RELEASE);
    pic_unmask(IRQ_KEYBOARD);
    open_line(routes.com1, IRQ_COM1);
    open_line(routes.com2, IRQ_COM2);
    interrupts_restore(were_enabled);
    return STATUS_OK;
}

void input_end(void) {
    __atomic_store_n(&is_running, false, __ATOMIC_RELEASE);
    pic_mask(IRQ_KEYBOARD);
    pic_mask(IRQ_COM1);
    pic_mask(IRQ_COM2);
}
