#pragma once

#include <memory>
#include <string>

#include "kernel/files/transfer/transfer.h"
#include "kernel/tty/line/line_discipline.h"

/* A line discipline whose output is kept. */
class Line {
  public:
    explicit Line(terminal_modes modes = terminal_modes_usual()) {
        line_init(&state, &modes, keep, this);
    }

    /* Types all of it; the signals that it raises are kept, by number. */
    size_t type(const std::string &text) {
        size_t done = 0;
        size_t taken = 1;
        while (done < text.size() && taken > 0) {
            line_signal signal;
            taken = line_receive(&state, text.data() + done, text.size() - done, &signal);
            done += taken;
            if (signal != LINE_NO_SIGNAL) {
                signals += std::to_string(signal) + " ";
            }
        }
        return done;
    }

    void write(const std::string &text) {
        line_write(&state, text.data(), text.size());
    }

    std::string read(size_t size_bytes = 10'000) {
        std::string text(size_bytes, '?');
        transfer to = transfer_to_memory(text.data(), size_bytes);
        line_read(&state, &to);
        text.resize(to.done_bytes);
        return text;
    }

    /* What has been sent since the last call. */
    std::string sent() {
        return std::move(output);
    }

    void change(uint32_t terminal_modes::*flags, uint32_t cleared, uint32_t set) {
        terminal_modes modes = state.modes;
        modes.*flags = (modes.*flags & ~cleared) | set;
        line_set_modes(&state, &modes);
    }

    line_discipline state;
    std::string output;
    std::string signals;

  private:
    static void keep(void *context, const char *bytes, size_t length) {
        static_cast<Line *>(context)->output.append(bytes, length);
    }
};
