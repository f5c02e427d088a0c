"""Requests are signed as the providers' own documents show it, with the figures that stand there."""

from datetime import UTC, datetime

from lead_system.outside import aliyun, tencent
from lead_system.outside.wechat import page_signature

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
JSON = "application/json; charset=utf-8"
TENCENT_BODY = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'


def test_aliyun_v3_signs_the_published_example() -> None:
    image = "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"
    query = aliyun.canonical_query({"RegionId": "cn-shanghai", "ImageId": image})
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": EMPTY,
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    }

    signed = aliyun.authorization(
        "POST", query, headers, key_id="YourAccessKeyId", key_secret="YourAccessKeySecret"
    )

    names = "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"
    signature = "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    assert signed == (
        f"ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders={names},Signature={signature}"
    )


def test_aliyun_encodes_what_others_leave_alone() -> None:
    assert aliyun.canonical_query({"b": "a b*c~d+é", "a": "{}"}) == "a=%7B%7D&b=a%20b%2Ac~d%2B%C3%A9"


def tencent_example(secret: str, **more: str) -> str:
    headers = {"content-type": JSON, "host": "cvm.tencentcloudapi.com", **more}
    at = datetime.fromtimestamp(1551113065, UTC)
    return tencent.authorization("cvm", headers, TENCENT_BODY, at=at, key_id="AKID", key_secret=secret)


def test_tencent_tc3_signs_the_published_examples() -> None:
    earlier = tencent_example("Gu5t9xGARNpq86cd98joQYCN3EXAMPLE")
    today = tencent_example("*" * 32, **{"x-tc-action": "DescribeInstances"})

    scope = "Credential=AKID/2019-02-25/cvm/tc3_request"
    assert earlier == (
        f"TC3-HMAC-SHA256 {scope}, SignedHeaders=content-type;host, "
        "Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
    )
    assert today == (
        f"TC3-HMAC-SHA256 {scope}, SignedHeaders=content-type;host;x-tc-action, "
        "Signature=10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"
    )


def test_wechat_page_signs_the_published_example_up_to_its_fragment() -> None:
    ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
    url = "http://mp.weixin.qq.com?params=value"

    for address in (url, f"{url}#below"):
        signed = page_signature(ticket, nonce="Wm3WZYTPz0wzccnW", timestamp=1414587457, url=address)
        assert signed == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"
