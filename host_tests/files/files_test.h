#pragma once

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "host_tests/space/space_test.h"
#include "kernel/files/directory/directory.h"
#include "kernel/files/memory_fs/memory_fs.h"
#include "kernel/files/node/attributes.h"
#include "kernel/files/node/node.h"

constexpr credentials ROOT = {0, 0, nullptr, 0};
constexpr credentials ALICE = {1000, 1000, nullptr, 0};
constexpr credentials BOB = {1001, 1001, nullptr, 0};

/* A name that lives as long as `text`. */
inline name name_of(const std::string &text) {
    return {text.data(), text.size()};
}
inline name name_of(const char *text) {
    return {text, strlen(text)};
}
name name_of(std::string &&) = delete;

/* The clock of these tests: each look is a second later. */
class TickingClock {
  public:
    static void set() {
        node_set_clock([] { return file_time{++seconds, 0}; });
    }

  private:
    static inline int64_t seconds = 0;
};

/* A node that is given back at the end. */
class Held {
  public:
    Held() = default;
    explicit Held(node *taken) : node_(taken) {}
    Held(Held &&other) noexcept : node_(other.node_) {
        other.node_ = nullptr;
    }
    Held &operator=(Held &&other) noexcept {
        std::swap(node_, other.node_);
        return *this;
    }
    ~Held() {
        node_unref(node_);
    }
    operator node *() const {
        return node_;
    }
    node *operator->() const {
        return node_;
    }
    node **place() {
        return &node_;
    }

  private:
    node *node_ = nullptr;
};

/* An empty file system in memory; at the end it goes, and every frame is back. */
class FilesTest : public SpaceTest {
  protected:
    void SetUp() override {
        SpaceTest::SetUp();
        TickingClock::set();
        ASSERT_EQ(memory_fs_create(0755, &root), STATUS_OK);
    }

    void TearDown() override {
        end_files();
        root->system->dismantle(root);
        SpaceTest::TearDown();
    }

    /* What a test above has on top of the file system goes before it. */
    virtual void end_files() {}

    static status make(node *directory, const std::string &text, node_kind kind,
                       uint32_t permissions, const credentials &who = ROOT, Held *made = nullptr,
                       const std::string &target = "") {
        node_request request = {};
        request.kind = kind;
        request.permissions = permissions;
        request.link_target = name_of(target);
        Held child;
        status result = directory_make(directory, name_of(text), &request, &who, child.place());
        if (made != nullptr) {
            *made = std::move(child);
        }
        return result;
    }

    static Held make_directory(node *directory, const std::string &text,
                               const credentials &who = ROOT, uint32_t permissions = 0755) {
        Held made;
        EXPECT_EQ(make(directory, text, NODE_DIRECTORY, permissions, who, &made), STATUS_OK);
        return made;
    }

    static Held make_file(node *directory, const std::string &text, const credentials &who = ROOT,
                          uint32_t permissions = 0644) {
        Held made;
        EXPECT_EQ(make(directory, text, NODE_REGULAR, permissions, who, &made), STATUS_OK);
        return made;
    }

    static void open_to_all(node *directory) {
        ASSERT_EQ(node_change_permissions(directory, &ROOT, 0777), STATUS_OK);
    }

    static Held find(node *directory, const std::string &text) {
        Held found;
        return directory_find(directory, name_of(text), found.place()) == STATUS_OK
                   ? std::move(found)
                   : Held();
    }

    static bool has(node *directory, const std::string &text) {
        return find(directory, text) != nullptr;
    }

    static status rename(node *from, const std::string &old_name, node *to,
                         const std::string &new_name, rename_mode mode = RENAME_OVER,
                         const credentials &who = ROOT) {
        rename_end source = {from, name_of(old_name), false};
        rename_end target = {to, name_of(new_name), false};
        return directory_rename(&source, &target, mode, &who);
    }

    static status remove(node *directory, const std::string &text, const credentials &who = ROOT) {
        return directory_remove(directory, name_of(text), &who);
    }

    static status remove_directory(node *directory, const std::string &text,
                                   const credentials &who = ROOT) {
        return directory_remove_directory(directory, name_of(text), &who);
    }

    static file_stat stat(node *node) {
        file_stat result;
        node_stat(node, &result);
        return result;
    }

    static std::vector<std::string> list(node *directory, uint64_t position = 2) {
        std::vector<std::string> names;
        listed_entry entry;
        while (directory_next(directory, position, &entry) == STATUS_OK) {
            names.emplace_back(entry.name, entry.name_length);
            position = entry.next_position;
        }
        return names;
    }

    static status write(node *file, uint64_t offset, const std::string &text) {
        transfer from = transfer_from_memory(text.data(), text.size());
        sleep_lock_acquire(&file->lock);
        status result = file->operations->write(file, offset, &from);
        sleep_lock_release(&file->lock);
        return result;
    }

    static std::string read(node *file, uint64_t offset = 0, size_t size_bytes = 1000) {
        std::string text(size_bytes, '?');
        transfer to = transfer_to_memory(text.data(), text.size());
        EXPECT_EQ(file->operations->read(file, offset, &to), STATUS_OK);
        text.resize(to.done_bytes);
        return text;
    }

    node *root = nullptr;
};
