#pragma once

#include <map>
#include <memory>

#include "host_tests/files/path_test.h"
#include "host_tests/models/choices.h"

/*
 * A file system in memory and a tree of maps, which must always agree: about what becomes of each
 * operation, the names, the contents and the links. Now and then memory is out: then nothing must
 * have happened.
 */
class FilesModel : public PathTest {
  public:
    explicit FilesModel(const Choices &given) : choices(given) {}

    void step();
    void check();

    Choices choices;
    uint64_t idle_steps = 0;

  protected:
    machine::Config config() const override;

  private:
    struct Node;
    using Entries = std::map<std::string, std::shared_ptr<Node>>;
    using Names = std::vector<std::string>;

    /* What a node of the model says. */
    struct Node {
        bool is_directory;
        Entries entries;     /* of a directory */
        std::string content; /* of a file */
        unsigned names = 0;
    };

    /* Where a path leads to: what its last name stands in, and for. */
    struct Place {
        status failure = STATUS_OK; /* of the way there */
        Node *directory = nullptr;
        std::string name;
        std::shared_ptr<Node> node; /* null: nothing is there */
    };

    Names pick_path();
    static std::string text_of(const Names &names);
    Place find_place(const Names &names) const;
    static bool is_at_or_above(const Node *node, const Node *directory);

    /* What the model expects, and what it does then. */
    struct Expected {
        status result;
        std::function<void()> change;
    };

    Expected expect_making(const Names &names, bool is_directory);
    Expected expect_removal(const Names &names, bool as_directory);
    Expected expect_link(const Names &from, const Names &to);
    Expected expect_rename(const Names &from, const Names &to, rename_mode mode);
    status judge_rename(const Place &from, const Place &to, rename_mode mode) const;
    static void move(const Place &from, const Place &to, rename_mode mode);

    void play(const Expected &expected, const std::function<status()> &operation);
    void make_something();
    void remove_something();
    void link_something();
    void rename_something();
    void write_something();
    void cut_something();

    void compare(node *real, const Node &model, const std::string &path);
    void compare_entries(node *real, const Node &model, const std::string &path);

    std::shared_ptr<Node> top_ = std::make_shared<Node>(Node{.is_directory = true});
};
