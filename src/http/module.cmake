target_link_libraries(slipway_http PRIVATE OpenSSL::SSL ZLIB::ZLIB)
