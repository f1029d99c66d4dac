// `Value`: an immutable JSON tree that is shared, so that a copy costs one atomic increment.
//
// Every Kubernetes object in the program is a Value; typed views (api/) only look into it. Reading never
// fails: a missing member or a wrong type gives the null Value, or the fallback that the caller names, so that
// code reads like the path of the field: `pod["spec"]["nodeName"].as_string()`.
// Changing is copy-on-write: `set` and friends change this Value only; other holders of the tree keep theirs,
// and where nobody else holds it, the change is in place.
//
// Objects keep their members sorted by key (bytewise), the order in which Go prints maps. Integers and doubles are
// kept apart and exact, as in Go's decoding into int64 and float64.
// Threads: distinct Values may be used from distinct threads even if they share parts (counts are atomic).
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slipway::data {

class Value;
struct Member;

using ArrayInit = std::initializer_list<Value>;
using ObjectInit = std::initializer_list<std::pair<std::string_view, Value>>;

class Value {
 public:
  enum class Kind : std::uint8_t { Null, Bool, Int, Double, String, Array, Object };

  Value() noexcept = default;
  Value(std::nullptr_t) noexcept {}
  Value(bool b) noexcept : kind_(Kind::Bool) { u_.b = b; }
  Value(int i) noexcept : Value(static_cast<std::int64_t>(i)) {}
  Value(unsigned i) noexcept : Value(static_cast<std::int64_t>(i)) {}
  Value(long i) noexcept : kind_(Kind::Int) { u_.i = i; }
  Value(long long i) noexcept : kind_(Kind::Int) { u_.i = i; }
  Value(double d) noexcept : kind_(Kind::Double) { u_.d = d; }
  Value(std::string_view s);
  Value(const std::string& s) : Value(std::string_view(s)) {}
  Value(const char* s) : Value(std::string_view(s)) {}

  // Containers are made by name, so that `{}` is never a surprise:
  //   Value::object({{"kind", "Pod"}, {"spec", Value::object({...})}})
  static Value object(ObjectInit members = {});
  static Value array(ArrayInit items = {});
  static Value array_of(std::vector<Value> items);
  // Members in any order; of several with one key the last wins. Fastest way to build a large object.
  static Value object_of(std::vector<std::pair<std::string, Value>> members);
  static Value object_of(std::vector<Member> members);

  Value(const Value& other) noexcept;
  Value(Value&& other) noexcept : kind_(other.kind_), u_(other.u_) { other.kind_ = Kind::Null; }
  Value& operator=(const Value& other) noexcept;
  Value& operator=(Value&& other) noexcept;
  ~Value() { release(); }

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::Null; }
  bool is_bool() const { return kind_ == Kind::Bool; }
  bool is_int() const { return kind_ == Kind::Int; }
  bool is_number() const { return kind_ == Kind::Int || kind_ == Kind::Double; }
  bool is_string() const { return kind_ == Kind::String; }
  bool is_array() const { return kind_ == Kind::Array; }
  bool is_object() const { return kind_ == Kind::Object; }
  // Null, or an empty string, array or object: what Go's omitempty leaves out, numbers and bools aside.
  bool is_empty() const;
  explicit operator bool() const { return !is_null(); }

  bool as_bool(bool fallback = false) const { return is_bool() ? u_.b : fallback; }
  std::int64_t as_int(std::int64_t fallback = 0) const;  // a double with an integral value counts
  double as_double(double fallback = 0) const;           // an int counts
  // Valid as long as some Value shares this string.
  std::string_view as_string(std::string_view fallback = {}) const;
  std::string str(std::string_view fallback = {}) const { return std::string(as_string(fallback)); }

  // Elements of an array or an object: 0 for anything else.
  std::size_t size() const;
  std::span<const Value> items() const;      // of an array, else empty
  std::span<const Member> members() const;   // of an object in key order, else empty
  const Value& operator[](std::string_view key) const;  // null when absent or not an object
  const Value& operator[](const char* key) const { return (*this)[std::string_view(key)]; }
  const Value& at(std::size_t index) const;             // null when out of range
  bool has(std::string_view key) const;                 // present, even if null
  // Walks objects: get({"spec", "template", "metadata"}).
  const Value& get(std::initializer_list<std::string_view> path) const;

  // Changes. On a null Value the first `set` makes an object and the first `push_back` an array;
  // on any other wrong kind they are bugs.
  void set(std::string_view key, Value value);
  void set(std::initializer_list<std::string_view> path, Value value);  // makes the objects on the way
  bool erase(std::string_view key);                                     // false: was not there
  bool erase(std::initializer_list<std::string_view> path);
  void push_back(Value value);
  void set_at(std::size_t index, Value value);
  void insert_at(std::size_t index, Value value);
  void erase_at(std::size_t index);
  // The member or element as something to change in place. `member` creates a null one when absent.
  Value& member(std::string_view key);
  Value& element(std::size_t index);
  void reserve(std::size_t elements);  // for a null or array Value that is about to be filled

  // The same with the change, leaving this one alone.
  [[nodiscard]] Value with(std::string_view key, Value value) const;
  [[nodiscard]] Value without(std::string_view key) const;

  // Deep equality; 1 and 1.0 differ. Shared subtrees compare in constant time.
  friend bool operator==(const Value& a, const Value& b);
  // True when both are the same shared tree: a cheap "certainly unchanged".
  bool shares(const Value& other) const;
  std::uint64_t hash() const;  // deep, stable across runs

 private:
  struct StringRep;
  struct ArrayRep;
  struct ObjectRep;
  union U {
    bool b;
    std::int64_t i;
    double d;
    StringRep* s;
    ArrayRep* a;
    ObjectRep* o;
  };

  void retain() const noexcept;
  void release() noexcept;
  ArrayRep& own_array();
  ObjectRep& own_object();

  Kind kind_ = Kind::Null;
  U u_ = {};
};
static_assert(sizeof(Value) == 16);

extern const Value kNull;

// A key of an object. Shared like the values: copying an object copies no text.
class Key {
 public:
  explicit Key(std::string_view text);
  Key(const Key& other) noexcept;
  Key(Key&& other) noexcept : rep_(other.rep_) { other.rep_ = nullptr; }
  Key& operator=(Key other) noexcept {
    std::swap(rep_, other.rep_);
    return *this;
  }
  ~Key();
  std::string_view view() const;
  operator std::string_view() const { return view(); }
  std::string str() const { return std::string(view()); }
  friend bool operator==(const Key& a, std::string_view b) { return a.view() == b; }

 private:
  struct Rep;
  Rep* rep_;
};

struct Member {
  Key key;
  Value value;
};

}  // namespace slipway::data
