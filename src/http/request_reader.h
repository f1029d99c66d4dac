// Bytes to requests (RFC 9112), one after another. Knows no sockets; never reads beyond its limits.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/error.h"
#include "http/message.h"

namespace slipway::http {

struct ReadLimits {
  std::size_t header_bytes = 64u << 10;  // request line and fields
  std::size_t body_bytes = 4u << 20;     // after chunked decoding
};

class RequestReader {
 public:
  explicit RequestReader(const ReadLimits& limits);
  ~RequestReader();

  // Takes from the front of `input` what belongs to the current request. True: it is complete, `take` it. An error ends
  // the connection: BadRequest, TooLarge (body), or Invalid (header fields too large).
  base::Result<bool> feed(std::string& input);
  // The finished request; the reader is ready for the next. Frees all buffers.
  Request take();

  bool idle() const;     // between requests
  bool in_body() const;  // the header is complete, the body is not
  // Once per request: does the client wait for "100 Continue" before it sends the body?
  bool wants_continue();
  // Of the request that `take` gave last.
  bool keep_alive() const { return keep_alive_; }
  bool http_1_0() const { return http_1_0_; }

 private:
  struct Parser;
  ReadLimits limits_;
  std::unique_ptr<Parser> parser_;  // null between requests
  bool keep_alive_ = true;
  bool http_1_0_ = false;
};

}  // namespace slipway::http
