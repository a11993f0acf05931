#pragma once

#include <string>

#include "lib/format.h"

// A sink that keeps what was written, for comparing complaints and reports with what they must say.
class CapturedText {
  public:
    const text_sink *sink() {
        return &sink_;
    }

    const std::string &text() const {
        return text_;
    }

    // The number that the first line begins with, such as "K412"; empty where nothing was said.
    std::string number() const {
        return text_.substr(0, text_.find(':'));
    }

  private:
    static void Append(void *context, const char *text, size_t length) {
        static_cast<CapturedText *>(context)->text_.append(text, length);
    }

    std::string text_;
    text_sink sink_{Append, this};
};
