#include "data/value.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <mutex>
#include <new>
#include <shared_mutex>
#include <unordered_map>

#include "base/error.h"
#include "base/hash.h"

namespace slipway::data {

const Value kNull;

namespace {
using Count = std::atomic<std::uint32_t>;
void add_ref(Count& count) { count.fetch_add(1, std::memory_order_relaxed); }
bool drop_ref(Count& count) { return count.fetch_sub(1, std::memory_order_acq_rel) == 1; }
bool unique(const Count& count) { return count.load(std::memory_order_acquire) == 1; }
// An empty view may point nowhere, which memcpy does not accept.
void copy_text(char* to, std::string_view text) {
  if (!text.empty()) std::memcpy(to, text.data(), text.size());
}
}  // namespace

struct Value::StringRep {
  Count refs{1};
  std::uint32_t size;
  char* text() { return reinterpret_cast<char*>(this + 1); }

  static StringRep* make(std::string_view s) {
    SLIPWAY_CHECK(s.size() < UINT32_MAX);
    auto* rep = new (::operator new(sizeof(StringRep) + s.size())) StringRep;
    rep->size = static_cast<std::uint32_t>(s.size());
    copy_text(rep->text(), s);
    return rep;
  }
  static void drop(StringRep* rep) {
    if (drop_ref(rep->refs)) ::operator delete(rep);
  }
};

// A key that occurs in many objects ("metadata", "name") exists once in the process: no allocation, no counting, and the
// comparisons of a lookup stay in the cache. Known keys live for ever; their number is bounded, and what looks like data
// rather than a field name is not among them.
struct Key::Rep {
  static constexpr std::uint32_t kForEver = 1u << 31;  // `refs` of a known key

  Count refs{1};
  std::uint32_t size;
  char* text() { return reinterpret_cast<char*>(this + 1); }
  std::string_view view() { return {text(), size}; }
  bool counted() const { return refs.load(std::memory_order_relaxed) != kForEver; }

  static Rep* make(std::string_view text) {
    auto* rep = new (::operator new(sizeof(Rep) + text.size())) Rep;
    rep->size = static_cast<std::uint32_t>(text.size());
    copy_text(rep->text(), text);
    return rep;
  }
  static Rep* known(std::string_view text);

 private:
  static constexpr std::size_t kMostKnown = 4096, kRecent = 1024, kLongest = 32;
  static Rep* find_or_add(std::string_view text);
};

// The table behind all threads. Null when `text` is not in it and it is full.
Key::Rep* Key::Rep::find_or_add(std::string_view text) {
  static std::shared_mutex mutex;
  static auto& table = *new std::unordered_map<std::string_view, Rep*>;  // never iterated, never destroyed
  {
    std::shared_lock lock(mutex);
    if (const auto found = table.find(text); found != table.end()) return found->second;
    if (table.size() >= kMostKnown) return nullptr;
  }
  std::unique_lock lock(mutex);
  if (const auto found = table.find(text); found != table.end()) return found->second;
  if (table.size() >= kMostKnown) return nullptr;
  Rep* rep = make(text);
  rep->refs = kForEver;
  return table.emplace(rep->view(), rep).first->second;
}

namespace {
// For keys of at most 32 bytes: first and last bytes and the length.
std::size_t slot_hash(std::string_view text) {
  std::uint64_t first = 0, last = 0;
  const std::size_t n = std::min<std::size_t>(text.size(), 8);
  std::memcpy(&first, text.data(), n);
  std::memcpy(&last, text.data() + (text.size() - n), n);
  return ((first * 0x9e3779b97f4a7c15u) ^ (last * 0xff51afd7ed558ccdu) ^ text.size()) >> 32;
}
}  // namespace

// Null: not a known key.
Key::Rep* Key::Rep::known(std::string_view text) {
  if (text.empty() || text.size() > kLongest) return nullptr;
  thread_local std::array<Rep*, kRecent> recent{};
  Rep*& slot = recent[slot_hash(text) % kRecent];
  if (slot != nullptr && slot->view() == text) return slot;
  // Keys of managedFields that name one element of a list differ from object to object.
  if (text.find('{') != text.npos) return nullptr;
  Rep* rep = find_or_add(text);
  if (rep != nullptr) slot = rep;
  return rep;
}

Key::Key(std::string_view text) : rep_(Rep::known(text)) {
  if (rep_ == nullptr) rep_ = Rep::make(text);
}
Key::Key(const Key& other) noexcept : rep_(other.rep_) {
  if (rep_ && rep_->counted()) add_ref(rep_->refs);
}
Key::~Key() {
  if (rep_ && rep_->counted() && drop_ref(rep_->refs)) ::operator delete(rep_);
}
std::string_view Key::view() const { return rep_ ? std::string_view(rep_->text(), rep_->size) : std::string_view(); }

struct Value::ArrayRep {
  Count refs{1};
  std::vector<Value> items;
};

namespace {
// Field names are short: two loads that may overlap say it without a call.
bool is_same_text(const char* a, const char* b, std::size_t n) {
  const auto equal = [&]<class Word>(Word x, Word y, std::size_t at) {
    std::memcpy(&x, a + at, sizeof x);
    std::memcpy(&y, b + at, sizeof y);
    return x == y;
  };
  if (n > 16) return std::memcmp(a, b, n) == 0;
  if (n >= 8) return equal(std::uint64_t(), std::uint64_t(), 0) && equal(std::uint64_t(), std::uint64_t(), n - 8);
  if (n >= 4) return equal(std::uint32_t(), std::uint32_t(), 0) && equal(std::uint32_t(), std::uint32_t(), n - 4);
  for (std::size_t i = 0; i < n; ++i)
    if (a[i] != b[i]) return false;
  return true;
}
}  // namespace

struct Value::ObjectRep {
  Count refs{1};
  std::vector<Member> members;  // by key

  std::vector<Member>::iterator lower(std::string_view key) {
    return std::lower_bound(members.begin(), members.end(), key,
                            [](const Member& m, std::string_view k) { return m.key.view() < k; });
  }
  // Most objects have a handful of members, and most keys differ in length: looking at each is faster than halving.
  Member* find(std::string_view key) {
    constexpr std::size_t kFew = 12;
    if (members.size() <= kFew) {
      for (Member& m : members)
        if (const auto text = m.key.view(); text.size() == key.size() && is_same_text(text.data(), key.data(), key.size()))
          return &m;
      return nullptr;
    }
    auto it = lower(key);
    return it != members.end() && it->key == key ? &*it : nullptr;
  }
  Value& slot(std::string_view key) {
    if (Member* known = find(key)) return known->value;
    return members.insert(lower(key), Member{Key(key), Value()})->value;
  }
};

Value::Value(std::string_view s) : kind_(Kind::String) { u_.s = StringRep::make(s); }

Value Value::object(ObjectInit members) {
  Value v;
  v.kind_ = Kind::Object;
  v.u_.o = new ObjectRep;
  v.u_.o->members.reserve(members.size());
  for (const auto& [key, value] : members) v.u_.o->slot(key) = value;
  return v;
}

Value Value::array(ArrayInit items) { return array_of(std::vector<Value>(items)); }

Value Value::array_of(std::vector<Value> items) {
  Value v;
  v.kind_ = Kind::Array;
  v.u_.a = new ArrayRep;
  v.u_.a->items = std::move(items);
  return v;
}

Value Value::object_of(std::vector<std::pair<std::string, Value>> members) {
  std::vector<Member> out;
  out.reserve(members.size());
  for (auto& [key, value] : members) out.push_back(Member{Key(key), std::move(value)});
  return object_of(std::move(out));
}

namespace {
bool in_order(const std::vector<Member>& members) {
  for (std::size_t i = 1; i < members.size(); ++i)
    if (!(members[i - 1].key.view() < members[i].key.view())) return false;
  return true;
}

// Sorts by key; of several members with one key the last stays.
std::vector<Member> sorted(std::vector<Member> members) {
  std::vector<std::uint32_t> order(members.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    const int by_key = members[a].key.view().compare(members[b].key.view());
    return by_key != 0 ? by_key < 0 : a < b;
  });
  std::vector<Member> out;
  out.reserve(members.size());
  for (std::uint32_t i : order) {
    if (!out.empty() && out.back().key == members[i].key.view())
      out.back() = std::move(members[i]);
    else
      out.push_back(std::move(members[i]));
  }
  return out;
}
}  // namespace

Value Value::object_of(std::vector<Member> members) {
  Value v;
  v.kind_ = Kind::Object;
  v.u_.o = new ObjectRep;
  v.u_.o->members = in_order(members) ? std::move(members) : sorted(std::move(members));
  return v;
}

Value::Value(const Value& other) noexcept : kind_(other.kind_), u_(other.u_) { retain(); }

Value& Value::operator=(const Value& other) noexcept {
  Value copy(other);  // `other` may be a part of this tree
  std::swap(kind_, copy.kind_);
  std::swap(u_, copy.u_);
  return *this;
}

Value& Value::operator=(Value&& other) noexcept {
  if (this == &other) return *this;
  const Kind kind = other.kind_;
  const U u = other.u_;
  other.kind_ = Kind::Null;
  release();
  kind_ = kind;
  u_ = u;
  return *this;
}

void Value::retain() const noexcept {
  switch (kind_) {
    case Kind::String: add_ref(u_.s->refs); break;
    case Kind::Array: add_ref(u_.a->refs); break;
    case Kind::Object: add_ref(u_.o->refs); break;
    default: break;
  }
}

void Value::release() noexcept {
  switch (kind_) {
    case Kind::String: StringRep::drop(u_.s); break;
    case Kind::Array:
      if (drop_ref(u_.a->refs)) delete u_.a;
      break;
    case Kind::Object:
      if (drop_ref(u_.o->refs)) delete u_.o;
      break;
    default: break;
  }
  kind_ = Kind::Null;
}

Value::ArrayRep& Value::own_array() {
  if (is_null()) *this = array();
  SLIPWAY_CHECK(is_array());
  if (!unique(u_.a->refs)) *this = array_of(u_.a->items);
  return *u_.a;
}

Value::ObjectRep& Value::own_object() {
  if (is_null()) *this = object();
  SLIPWAY_CHECK(is_object());
  if (!unique(u_.o->refs)) {
    Value copy = object();
    copy.u_.o->members = u_.o->members;
    *this = std::move(copy);
  }
  return *u_.o;
}

bool Value::is_empty() const {
  switch (kind_) {
    case Kind::Null: return true;
    case Kind::String: return u_.s->size == 0;
    case Kind::Array: return u_.a->items.empty();
    case Kind::Object: return u_.o->members.empty();
    default: return false;
  }
}

std::int64_t Value::as_int(std::int64_t fallback) const {
  if (is_int()) return u_.i;
  constexpr double kLimit = 9223372036854775808.0;
  if (kind_ == Kind::Double && u_.d == std::trunc(u_.d) && u_.d >= -kLimit && u_.d < kLimit)
    return static_cast<std::int64_t>(u_.d);
  return fallback;
}

double Value::as_double(double fallback) const {
  if (kind_ == Kind::Double) return u_.d;
  if (is_int()) return static_cast<double>(u_.i);
  return fallback;
}

std::string_view Value::as_string(std::string_view fallback) const {
  return is_string() ? std::string_view(u_.s->text(), u_.s->size) : fallback;
}

std::size_t Value::size() const {
  if (is_array()) return u_.a->items.size();
  if (is_object()) return u_.o->members.size();
  return 0;
}

std::span<const Value> Value::items() const {
  return is_array() ? std::span<const Value>(u_.a->items) : std::span<const Value>();
}

std::span<const Member> Value::members() const {
  return is_object() ? std::span<const Member>(u_.o->members) : std::span<const Member>();
}

const Value& Value::operator[](std::string_view key) const {
  if (!is_object()) return kNull;
  const Member* member = u_.o->find(key);
  return member ? member->value : kNull;
}

const Value& Value::at(std::size_t index) const { return index < items().size() ? items()[index] : kNull; }

bool Value::has(std::string_view key) const { return is_object() && u_.o->find(key) != nullptr; }

const Value& Value::get(std::initializer_list<std::string_view> path) const {
  const Value* v = this;
  for (std::string_view key : path) v = &(*v)[key];
  return *v;
}

void Value::set(std::string_view key, Value value) { member(key) = std::move(value); }

void Value::set(std::initializer_list<std::string_view> path, Value value) {
  Value* v = this;
  for (std::string_view key : path) v = &v->member(key);
  *v = std::move(value);
}

bool Value::erase(std::string_view key) {
  if (!has(key)) return false;
  ObjectRep& rep = own_object();
  rep.members.erase(rep.lower(key));
  return true;
}

bool Value::erase(std::initializer_list<std::string_view> path) {
  SLIPWAY_CHECK(path.size() > 0);
  if (get(path).is_null()) {  // do not unshare, nor create the way, for nothing
    const Value* v = this;
    for (auto it = path.begin(); it + 1 != path.end(); ++it) v = &(*v)[*it];
    if (!v->has(*(path.end() - 1))) return false;
  }
  Value* v = this;
  for (auto it = path.begin(); it + 1 != path.end(); ++it) v = &v->member(*it);
  return v->erase(*(path.end() - 1));
}

void Value::push_back(Value value) { own_array().items.push_back(std::move(value)); }
void Value::set_at(std::size_t index, Value value) { element(index) = std::move(value); }

void Value::insert_at(std::size_t index, Value value) {
  auto& items = own_array().items;
  SLIPWAY_CHECK(index <= items.size());
  items.insert(items.begin() + static_cast<std::ptrdiff_t>(index), std::move(value));
}

void Value::erase_at(std::size_t index) {
  auto& items = own_array().items;
  SLIPWAY_CHECK(index < items.size());
  items.erase(items.begin() + static_cast<std::ptrdiff_t>(index));
}

Value& Value::member(std::string_view key) { return own_object().slot(key); }

Value& Value::element(std::size_t index) {
  auto& items = own_array().items;
  SLIPWAY_CHECK(index < items.size());
  return items[index];
}

void Value::reserve(std::size_t elements) { own_array().items.reserve(elements); }

Value Value::with(std::string_view key, Value value) const {
  Value copy = *this;
  copy.set(key, std::move(value));
  return copy;
}

Value Value::without(std::string_view key) const {
  Value copy = *this;
  copy.erase(key);
  return copy;
}

bool Value::shares(const Value& other) const {
  if (kind_ != other.kind_) return false;
  switch (kind_) {
    case Kind::String: return u_.s == other.u_.s;
    case Kind::Array: return u_.a == other.u_.a;
    case Kind::Object: return u_.o == other.u_.o;
    default: return false;
  }
}

bool operator==(const Value& a, const Value& b) {
  if (a.kind_ != b.kind_) return false;
  switch (a.kind_) {
    case Value::Kind::Null: return true;
    case Value::Kind::Bool: return a.u_.b == b.u_.b;
    case Value::Kind::Int: return a.u_.i == b.u_.i;
    case Value::Kind::Double: return a.u_.d == b.u_.d;
    case Value::Kind::String: return a.u_.s == b.u_.s || a.as_string() == b.as_string();
    case Value::Kind::Array: return a.u_.a == b.u_.a || a.u_.a->items == b.u_.a->items;
    case Value::Kind::Object:
      return a.u_.o == b.u_.o ||
             std::equal(a.u_.o->members.begin(), a.u_.o->members.end(), b.u_.o->members.begin(),
                        b.u_.o->members.end(), [](const Member& x, const Member& y) {
                          return x.key.view() == y.key.view() && x.value == y.value;
                        });
  }
  return false;
}

namespace {
std::uint64_t mix(std::uint64_t h, std::uint64_t v) {
  h ^= v + 0x9e3779b97f4a7c15u + (h << 6) + (h >> 2);
  return h * 0xff51afd7ed558ccdu;
}
std::uint64_t hash_text(std::string_view s) {
  std::uint64_t h = 14695981039346656037u;
  for (unsigned char c : s) h = (h ^ c) * 1099511628211u;
  return h;
}
}  // namespace

std::uint64_t Value::hash() const {
  std::uint64_t h = static_cast<std::uint64_t>(kind_) + 1;
  switch (kind_) {
    case Kind::Null: break;
    case Kind::Bool: h = mix(h, u_.b); break;
    case Kind::Int: h = mix(h, static_cast<std::uint64_t>(u_.i)); break;
    case Kind::Double: {
      std::uint64_t bits;
      std::memcpy(&bits, &u_.d, sizeof bits);
      h = mix(h, bits);
      break;
    }
    case Kind::String: h = mix(h, hash_text(as_string())); break;
    case Kind::Array:
      for (const Value& item : items()) h = mix(h, item.hash());
      break;
    case Kind::Object:
      for (const Member& m : members()) h = mix(mix(h, hash_text(m.key)), m.value.hash());
      break;
  }
  return h;
}

}  // namespace slipway::data
