#pragma once

#include "host_tests/files/path_test.h"
#include "kernel/files/file/device.h"
#include "kernel/files/file/file.h"
#include "kernel/files/file/open.h"

/* An open file that is closed at the end. */
class Open {
  public:
    Open() = default;
    explicit Open(file *taken) : file_(taken) {}
    Open(Open &&other) noexcept : file_(other.file_) {
        other.file_ = nullptr;
    }
    Open &operator=(Open &&other) noexcept {
        std::swap(file_, other.file_);
        return *this;
    }
    ~Open() {
        file_unref(file_);
    }
    operator file *() const {
        return file_;
    }
    file *operator->() const {
        return file_;
    }
    void close() {
        file_unref(file_);
        file_ = nullptr;
    }

  private:
    file *file_ = nullptr;
};

/* Opens files in the file system of PathTest. */
class FileTest : public PathTest {
  protected:
    status open_status(const std::string &path, uint32_t flags, Open *opened = nullptr,
                       uint32_t permissions = 0644) {
        file *made = nullptr;
        status result = file_open(&view, path.c_str(), flags, permissions, &made);
        Open owner(made);
        if (opened != nullptr) {
            *opened = std::move(owner);
        }
        return result;
    }

    Open open(const std::string &path, uint32_t flags = OPEN_READ_WRITE) {
        Open opened;
        EXPECT_EQ(open_status(path, flags, &opened), STATUS_OK) << path;
        return opened;
    }

    static status put(file *file, const std::string &text, size_t *done = nullptr) {
        transfer from = transfer_from_memory(text.data(), text.size());
        status result = file_write(file, &from);
        if (done != nullptr) {
            *done = from.done_bytes;
        }
        return result;
    }

    static status get_status(file *file, std::string *text, size_t size_bytes) {
        text->assign(size_bytes, '?');
        transfer to = transfer_to_memory(text->data(), size_bytes);
        status result = file_read(file, &to);
        text->resize(to.done_bytes);
        return result;
    }

    static std::string get(file *file, size_t size_bytes = 1000) {
        std::string text;
        EXPECT_EQ(get_status(file, &text, size_bytes), STATUS_OK);
        return text;
    }

    static int64_t seek(file *file, int64_t offset, seek_origin origin) {
        int64_t position = -1;
        status result = file_seek(file, offset, origin, &position);
        return result == STATUS_OK ? position : result;
    }
};
