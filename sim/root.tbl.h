/* root.tbl.h - certificate authorities whose root hashes come with the firmware (OEM defaults): names and hashes of the
 * certificates in Debian's ca-certificates 20230311, as openssl gives them. Real firmware has some 20, those of its
 * time.
 *
 * ROOT("name", "SHA-1 of the certificate", "SHA-256 of it") */

/* clang-format off */
ROOT("Comodo AAA CA", "d1eb23a46d17d68fd92564c2f1f1601764d8e349",
     "d7a7a0fb5d7e2731d771e9484ebcdef71d5f0c3e0a2948782bc83ee0ea699ef4")
ROOT("Go Daddy Class 2 CA", "2796bae63f1801e277261ba0d77770028f20eee4",
     "c3846bf24b9e93ca64274c0ec67c1ecc5e024ffcacd2d74019350e81fe546ae4")
ROOT("Starfield Class 2 CA", "ad7e1c28b064ef8f6003402014c3d0e3370eb58a",
     "1465fa205397b876faa6f0a9958e5590e40fcc7faa4fb7c2c8677521fb5fb658")
ROOT("Baltimore CyberTrust Root", "d4de20d05e66fc53fe1a50882c78db2852cae474",
     "16af57a9f676b0ab126095aa5ebadef22ab31119d644ac95cd4b93dbf3f26aeb")
ROOT("Entrust.net CA (2048)", "503006091d97d4f5ae39f7cbe7927d7d652d3431",
     "6dc47172e01cbcb0bf62580d895fe2b8ac9ad4f873801e0c10b9c837d21eb177")
ROOT("Go Daddy Root CA - G2", "47beabc922eae80e78783462a79f45c254fde68b",
     "45140b3247eb9cc8c5b4f0d7b53091f73292089e6e5a63e2749dd3aca9198eda")
ROOT("Starfield Root CA - G2", "b51c067cee2b0c3df855ab2d92f4fe39d4e70f0e",
     "2ce1cb0bf9d2f9e102993fbe215152c3b2dd0cabde1c68e5319b839154dbb7f5")
ROOT("Entrust Root CA - G2", "8cf427fd790c3ad166068de81e57efbb932272d4",
     "43df5774b03e7fef5fe40d931a7bedf1bb2e6b42738c4e6d3841103d3aa7f339")
ROOT("DigiCert Global Root G2", "df3c24f9bfd666761b268073fe06d1cc8d4f82a4",
     "cb3ccbb76031e5e0138f8dd39a23f9de47ffc35e43c1144cea27d46a5ab1cb5f")
/* clang-format on */
