#include "store/tree.h"

#include <algorithm>
#include <span>

#include "base/error.h"

namespace slipway::store {

struct Tree::Node {
  EntryPtr entry;
  NodePtr left, right;
  std::uint32_t size;
  std::uint8_t height;
};

namespace {
using Node = Tree::Node;
using NodePtr = Tree::NodePtr;

int height(const NodePtr& n) { return n ? n->height : 0; }
std::uint32_t size_of(const NodePtr& n) { return n ? n->size : 0; }

NodePtr make(EntryPtr entry, NodePtr left, NodePtr right) {
  const auto size = 1 + size_of(left) + size_of(right);
  const auto tall = static_cast<std::uint8_t>(1 + std::max(height(left), height(right)));
  return std::make_shared<const Node>(Node{std::move(entry), std::move(left), std::move(right), size, tall});
}

// Joins two trees whose heights differ by at most two around an entry.
NodePtr balance(const EntryPtr& entry, const NodePtr& left, const NodePtr& right) {
  if (height(left) > height(right) + 1) {
    if (height(left->left) >= height(left->right))
      return make(left->entry, left->left, make(entry, left->right, right));
    const Node& middle = *left->right;
    return make(middle.entry, make(left->entry, left->left, middle.left), make(entry, middle.right, right));
  }
  if (height(right) > height(left) + 1) {
    if (height(right->right) >= height(right->left))
      return make(right->entry, make(entry, left, right->left), right->right);
    const Node& middle = *right->left;
    return make(middle.entry, make(entry, left, middle.left), make(right->entry, middle.right, right->right));
  }
  return make(entry, left, right);
}

NodePtr put_into(const NodePtr& node, EntryPtr entry) {
  if (!node) return make(std::move(entry), nullptr, nullptr);
  const auto order = entry->key <=> node->entry->key;
  if (order < 0) return balance(node->entry, put_into(node->left, std::move(entry)), node->right);
  if (order > 0) return balance(node->entry, node->left, put_into(node->right, std::move(entry)));
  return make(std::move(entry), node->left, node->right);
}

const Node& leftmost(const Node& node) { return node.left ? leftmost(*node.left) : node; }

NodePtr without_leftmost(const NodePtr& node) {
  if (!node->left) return node->right;
  return balance(node->entry, without_leftmost(node->left), node->right);
}

// The key is known to be there.
NodePtr erase_from(const NodePtr& node, const Key& key) {
  const auto order = key <=> node->entry->key;
  if (order < 0) return balance(node->entry, erase_from(node->left, key), node->right);
  if (order > 0) return balance(node->entry, node->left, erase_from(node->right, key));
  if (!node->left) return node->right;
  if (!node->right) return node->left;
  return balance(leftmost(*node->right).entry, node->left, without_leftmost(node->right));
}

NodePtr build(std::span<const EntryPtr> entries) {
  if (entries.empty()) return nullptr;
  const auto middle = entries.size() / 2;
  return make(entries[middle], build(entries.first(middle)), build(entries.subspan(middle + 1)));
}

// How many leading entries satisfy `before`, which holds for a prefix of the order.
template <class Before>
std::size_t rank(const Node* node, const Before& before) {
  std::size_t rank = 0;
  while (node) {
    if (before(node->entry->key)) {
      rank += size_of(node->left) + 1;
      node = node->right.get();
    } else {
      node = node->left.get();
    }
  }
  return rank;
}

class TreeSnapshot final : public Snapshot {
 public:
  TreeSnapshot(Tree tree, Revision revision) : tree_(std::move(tree)), revision_(revision) {}
  Revision revision() const override { return revision_; }
  EntryPtr find(const Key& key) const override { return tree_.find(key); }
  std::size_t count(std::string_view resource) const override { return tree_.count(resource); }

  void scan(std::string_view resource, std::string_view space, const Key* after,
            const std::function<bool(const EntryPtr&)>& visit) const override {
    using Start = Tree::Cursor::Start;
    const Key first{std::string(resource), std::string(space), ""};
    const bool skip = after && *after >= first;
    for (Tree::Cursor cursor(tree_, skip ? *after : first, skip ? Start::After : Start::At); cursor.get();
         cursor.next()) {
      const Key& key = (*cursor.get())->key;
      if (key.resource != resource || (!space.empty() && key.space != space)) return;
      if (!visit(*cursor.get())) return;
    }
  }

  const Tree& tree() const { return tree_; }

 private:
  Tree tree_;
  Revision revision_;
};

}  // namespace

Tree Tree::from_sorted(const std::vector<EntryPtr>& entries) {
  for (std::size_t i = 1; i < entries.size(); ++i) SLIPWAY_CHECK(entries[i - 1]->key < entries[i]->key);
  return Tree(build(entries));
}

EntryPtr Tree::find(const Key& key) const {
  const Node* node = root_.get();
  while (node) {
    const auto order = key <=> node->entry->key;
    if (order == 0) return node->entry;
    node = order < 0 ? node->left.get() : node->right.get();
  }
  return nullptr;
}

Tree Tree::put(EntryPtr entry) const { return Tree(put_into(root_, std::move(entry))); }
Tree Tree::erase(const Key& key) const { return find(key) ? Tree(erase_from(root_, key)) : *this; }
std::size_t Tree::size() const { return size_of(root_); }

std::size_t Tree::count(std::string_view resource) const {
  return rank(root_.get(), [&](const Key& key) { return key.resource <= resource; }) -
         rank(root_.get(), [&](const Key& key) { return key.resource < resource; });
}

Tree::Cursor::Cursor(const Tree& tree, const Key& from, Start start) {
  const Node* node = tree.root_.get();
  while (node) {
    const auto order = from <=> node->entry->key;
    if (order < 0 || (order == 0 && start == Start::At)) {
      path_[depth_++] = node;
      node = node->left.get();
    } else {
      node = node->right.get();
    }
  }
}

const EntryPtr* Tree::Cursor::get() const { return depth_ == 0 ? nullptr : &path_[depth_ - 1]->entry; }

void Tree::Cursor::next() {
  const Node* node = path_[--depth_];
  push_left(node->right.get());
}

void Tree::Cursor::push_left(const Node* node) {
  for (; node; node = node->left.get()) path_[depth_++] = node;
}

SnapshotPtr make_snapshot(Tree tree, Revision revision) {
  return std::make_shared<const TreeSnapshot>(std::move(tree), revision);
}

Tree tree_of(const Snapshot& snapshot) {
  const auto* ours = dynamic_cast<const TreeSnapshot*>(&snapshot);
  SLIPWAY_CHECK(ours);
  return ours->tree();
}

}  // namespace slipway::store
