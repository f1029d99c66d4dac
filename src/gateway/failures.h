// What requests failed: the answers 500 and more of one version, by method, path and status. Not synchronised.
//
// For people who look for the reason, after a number has shown that something is wrong. Bounded: of a version the
// newest 1,000 failures and 32 kinds of them; what is more is one kind, without a name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "data/value.h"

namespace slipway::gateway {

// One kind of failure. Without method and path: all that had no place of their own, of any status.
struct FailureKind {
  std::string method = {}, path = {};  // the path as path_pattern() shows it
  int status = 0;
  std::uint64_t count = 0;
  base::Time first{};      // when the first of those that are counted ended
  std::string first_on{};  // the pod that answered it; empty: the proxy did, as none was there
  bool operator==(const FailureKind&) const = default;
};

// The path with what tells one thing from another left out, so that requests that do the same are counted together:
// parts that are numbers, hexadecimal names of 8 and more digits, UUIDs, addresses of mail, or longer than 40 bytes are
// "*"; at most 8 parts, then "...". Without a query. "/cart/17/items" is "/cart/*/items".
std::string path_pattern(std::string_view path);

class Failures {
 public:
  static constexpr std::size_t kKept = 1000, kKinds = 32;
  struct One {
    std::string_view method, path;  // as sent
    int status = 0;
    base::Time at{};         // wall clock, for people
    base::MonoTime ended{};  // by which windows go
    std::string_view on;
  };
  void add(const One& failure);
  // Of the last `window`; the most frequent first.
  std::vector<FailureKind> kinds(base::Duration window, base::MonoTime now) const;

 private:
  struct Kind {
    std::string method, path;
    int status = 0;
    std::size_t kept = 0;  // failures in the list that are of this kind; none: its place is free
  };
  struct Kept {
    std::size_t kind = 0;
    base::Time at{};
    base::MonoTime ended{};
    std::string on;
  };
  std::size_t place_of(const One& failure, const std::string& pattern);

  std::vector<Kind> kinds_;  // the first is of all that had no place
  std::deque<Kept> kept_;    // oldest first
};

// [{"method","path","status","count","firstAt","firstOn"}]; kinds of several gateways add up, and the most frequent are
// first. Invalid for anything else.
data::Value to_value(const std::vector<FailureKind>& kinds);
base::Result<std::vector<FailureKind>> failure_kinds_of(const data::Value& value);
void add(std::vector<FailureKind>& to, const std::vector<FailureKind>& more);

}  // namespace slipway::gateway
