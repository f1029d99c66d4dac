// Creates objects as fast as a server acknowledges them, from a number of clients with a kept connection each.
//
// Against our server each create is a ConfigMap in the namespace "default" (or a pod); against etcd a put through its JSON
// gateway (/v3/kv/put) with a value of the same size. Both are durable when acknowledged.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "http/endpoint.h"
#include "http/tls.h"

namespace slipway::bench {

struct LoadOptions {
  std::string url;
  std::shared_ptr<const http::TlsContext> tls = {};  // null: plain text
  std::string prefix = "load";                       // of the objects' names
  bool etcd = false;
  bool pods = false;        // pods instead of ConfigMaps
  int clients = 64;
  int seconds = 5;          // of measuring; the handshakes come before
  std::uint64_t count = 0;  // not zero: stop after so many creates instead
  int bytes = 2048;         // of the value
};

struct LoadResult {
  std::uint64_t creates = 0, errors = 0;
  double per_second = 0, p50_ms = 0, p99_ms = 0;
  std::string first_error = {};
};

// Invalid when the URL cannot be used.
base::Result<LoadResult> run_load(const LoadOptions& options);

// A pod of a usual size (about 2 KB once stored), as JSON without its name: the text before and behind it.
struct Around {
  std::string before, behind;
};
Around pod_around_name();

}  // namespace slipway::bench
