// A persistent ordered map from Key to Entry: `put` and `erase` make a new tree that shares all but one path with the
// old one.
//
// A balanced binary search tree (AVL) with subtree sizes, copied along the path of a change: O(log n) nodes per change,
// O(1) to keep an old version. Trees are values; nodes are immutable, so any thread may read any tree it holds.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace slipway::store {

class Tree {
 public:
  struct Node;
  using NodePtr = std::shared_ptr<const Node>;

  Tree() = default;
  // `entries` in strictly ascending key order.
  static Tree from_sorted(const std::vector<EntryPtr>& entries);

  EntryPtr find(const Key& key) const;
  [[nodiscard]] Tree put(EntryPtr entry) const;    // adds, or replaces the entry of this key
  [[nodiscard]] Tree erase(const Key& key) const;  // the same tree when the key is absent
  std::size_t size() const;
  std::size_t count(std::string_view resource) const;  // O(log n)

  // Walks in key order from the first key >= `from` (or > `from`). Valid while the tree lives.
  class Cursor {
   public:
    enum class Start { At, After };
    Cursor(const Tree& tree, const Key& from, Start start);
    const EntryPtr* get() const;  // null at the end
    void next();

   private:
    void push_left(const Node* node);
    // An AVL tree of 2^32 entries is at most 46 deep.
    std::array<const Node*, 48> path_;
    int depth_ = 0;
  };

 private:
  explicit Tree(NodePtr root) : root_(std::move(root)) {}
  NodePtr root_;
};

// A tree and its revision, as the rest of the program reads them.
SnapshotPtr make_snapshot(Tree tree, Revision revision);
Tree tree_of(const Snapshot& snapshot);  // of one that make_snapshot made: there is no other kind

}  // namespace slipway::store
