// Bytes to a response (RFC 9112), its body piece by piece. Knows no sockets.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/client.h"
#include "http/message.h"

namespace slipway::http {

class ResponseReader {
 public:
  // `head_only`: the answer to HEAD, which has no body whatever its header says.
  ResponseReader(std::size_t header_bytes, bool head_only);
  ~ResponseReader();

  // Takes from the front of `input`; the pieces of the body go to `data`, which must not destroy the reader.
  // True: the response is complete. Unavailable when it is not HTTP.
  base::Result<bool> feed(std::string& input, const std::function<void(std::string_view)>& data);
  // The server has closed the connection: complete, when the body lasts until then; otherwise an error.
  base::Result<void> finish();

  bool has_head() const;    // of the final response; 1xx are skipped
  Response& head();         // status and header fields
  bool keep_alive() const;  // once complete

 private:
  struct Parser;
  std::size_t header_bytes_;
  bool head_only_;
  std::unique_ptr<Parser> parser_;
};

}  // namespace slipway::http
