target_link_libraries(slipway_base PUBLIC OpenSSL::Crypto Threads::Threads)
