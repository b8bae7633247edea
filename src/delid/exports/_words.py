"""The words of a certificate in English and Chinese."""

from __future__ import annotations

from typing import Literal

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")

WORDS: dict[str, tuple[str, str]] = {
    "title": ("Battery dismantling record", "动力电池拆解档案证明"),
    "lead_ok": (
        "Every entry below is proven to stand in the ledger as it was written. The ledger is tamper-evident.",
        "以下每条记录均已验证与账本写入时一致。账本可发现任何篡改（防篡改可验证）。",
    ),
    "lead_bad": ("This record is NOT proven: {words}", "本档案未通过验证：{words}"),
    "qr": ("Name of this record by its hash", "本档案哈希值标识"),
    "foot": ("{battery} · record SHA-256 {hash} · written {now}", "{battery} · 档案 SHA-256 {hash} · 出具时间 {now}"),
    # parts
    "identity": ("Identity", "身份"),
    "safety": ("Safety judgement", "安全性判定"),
    "work": ("Work", "作业过程"),
    "came_out": ("What came out", "拆出物"),
    "energy": ("Energy and carbon", "能耗与碳排放"),
    "deadlines": ("Deadlines", "期限"),
    "proof": ("Proof", "验证"),
    "entries": ("Entries", "记录明细"),
    # identity
    "battery": ("Battery", "电池"),
    "code": ("Code (GB/T 34014)", "编码（GB/T 34014）"),
    "no_code": ("none could be read", "无法读取"),
    "product": ("Product", "产品"),
    "product_pack": ("pack", "电池包"),
    "product_module": ("module", "模组"),
    "product_cell": ("battery cell", "电芯"),
    "parent": ("Out of", "来源电池包"),
    "also": ("Also recorded as", "其他标识"),
    "model": ("Pack model", "电池包型号"),
    "maker": ("Maker code", "厂商代码"),
    "produced": ("Produced", "生产日期"),
    "chemistry": ("Chemistry", "电池类型"),
    "mass": ("Mass", "质量"),
    "site": ("Site", "作业地点"),
    "hold": ("Legal hold", "法律保全"),
    "hold_on": ("on: nothing may be deleted", "已启用：不得删除"),
    # safety
    "hazard": ("Hazard class (delid's own)", "危险等级（delid 自定义）"),
    "judged": ("Judged", "判定时间"),
    "result": ("Result", "结论"),
    "passed": ("passed", "合格"),
    "failed": ("not passed", "不合格"),
    "not_judged": ("No safety judgement is on record.", "档案中没有安全性判定。"),
    "item": ("Item", "项目"),
    "answer": ("Answer", "结果"),
    "answer_yes": ("yes", "是"),
    "answer_no": ("no", "否"),
    "answer_not_judged": ("not judged", "未判定"),
    "note": ("Note", "备注"),
    "photos": ("Photos", "照片"),
    "by": ("By", "人员"),
    "rule": ("Rule", "依据"),
    # work
    "time": ("Time (UTC)", "时间 (UTC)"),
    "step": ("Step", "步骤"),
    "outcome": ("Outcome", "结果"),
    "detail": ("Detail", "说明"),
    "status_done": ("done", "完成"),
    "status_failed": ("failed", "失败"),
    "status_skipped": ("skipped", "跳过"),
    "recipe": ("Recipe", "配方"),
    "nothing_done": ("No work is on record.", "档案中没有作业记录。"),
    # materials
    "what": ("What", "名称"),
    "kilograms": ("Mass (kg)", "质量 (kg)"),
    "destination": ("Destination", "去向"),
    "nothing_out": ("Nothing is recorded as taken out.", "档案中没有拆出物。"),
    "balance": ("Mass balance", "质量平衡"),
    "balance_closed": ("adds up", "平衡"),
    "balance_missing": ("mass is missing", "质量缺失"),
    "balance_surplus": ("more came out than went in", "拆出多于入库"),
    "balance_open": ("a mass is not known", "有质量未知"),
    "forbidden": ("Forbidden", "禁止"),
    "figure": ("Figure", "指标"),
    "figure_energy": ("energy used", "耗能"),
    "figure_own_emissions": ("emissions of this site", "本地点排放"),
    "figure_avoided_emissions": (
        "emissions that may be avoided elsewhere, never subtracted",
        "其他环节可能避免的排放（不抵减）",
    ),
    "figure_recovery": ("recovered share of the mass", "质量回收率"),
    "value": ("Value", "数值"),
    "range": ("Range", "范围"),
    "unit": ("Unit", "单位"),
    "method": ("Rule and sources", "规则与来源"),
    "no_figures": ("Nothing was metered.", "没有计量数据。"),
    "route": ("Proposed route", "建议去向"),
    "route_reasons": ("Reasons", "理由"),
    # deadlines
    "duty": ("What is due", "事项"),
    "due": ("Due", "期限"),
    "state": ("State", "状态"),
    "state_open": ("open", "未完成"),
    "state_due_soon": ("due soon", "即将到期"),
    "state_overdue": ("overdue", "已逾期"),
    "state_done": ("done", "已完成"),
    "state_done_late": ("done late", "逾期完成"),
    # proof
    "record_hash": ("Record (SHA-256)", "档案 SHA-256"),
    "count": ("Entries", "记录数"),
    "checkpoint": ("Signed checkpoint", "签名检查点"),
    "checkpoint_words": ("{size} entries, {at}", "共 {size} 条，{at}"),
    "no_checkpoint": ("none covers all of these entries yet", "尚无覆盖全部记录的检查点"),
    "root": ("Merkle root", "默克尔根"),
    "key": ("Signing key", "签名密钥"),
    "claim": (
        "Tamper-evident means: who changes, removes or inserts an entry is found out by everyone who holds a signed "
        "checkpoint and the public key. It does not mean that what was written first was true.",
        "“防篡改可验证”是指：持有签名检查点和公钥的任何人都能发现对记录的修改、删除或插入；它并不证明最初写入的内容属实。",
    ),
    "check_it": (
        "To check it: delid ledger verify EXPORT --key PUBLIC_KEY, or verify_ledger.py of delid's documentation.",
        "验证方法：delid ledger verify EXPORT --key PUBLIC_KEY，或使用 delid 文档中的 60 行独立验证程序。",
    ),
    "people": (
        "People are named by words made with a key of the site; the same word is the same person.",
        "人员以本地点密钥生成的代号表示；相同代号为同一人。",
    ),
    "number": ("No.", "序号"),
    "kind": ("Kind", "类型"),
    "summary": ("What", "内容"),
    "hash": ("SHA-256", "SHA-256"),
}

KINDS: dict[str, tuple[str, str]] = {
    "intake": ("intake", "入库"),
    "identity_confirmed": ("identity confirmed", "身份确认"),
    "identity_linked": ("identity linked", "身份关联"),
    "safety_judgement": ("safety judgement", "安全性判定"),
    "run_started": ("run started", "运行开始"),
    "inspection": ("inspection", "视觉检查"),
    "plan": ("plan", "拆解计划"),
    "operation": ("operation", "作业"),
    "operator_act": ("operator's act", "人员操作"),
    "alarm": ("alarm", "报警"),
    "run_ended": ("run ended", "运行结束"),
    "measurement": ("measurement", "测量"),
    "material_out": ("material out", "物料拆出"),
    "module_out": ("module out", "模组拆出"),
    "storage": ("storage", "入储"),
    "hand_over": ("hand-over", "移交"),
    "report": ("report", "报送"),
    "legal_hold": ("legal hold", "法律保全"),
}


def word(key: str, language: Language, **values: str) -> str:
    """A word of the table with its values filled in."""
    return WORDS[key][LANGUAGES.index(language)].format(**values)


def say(group: str, key: str, language: Language) -> str:
    """The word for ``group_key``, or the key itself where the table has none."""
    found = WORDS.get(f"{group}_{key}")
    return found[LANGUAGES.index(language)] if found else key.replace("_", " ")


def kind_word(kind: str, language: Language) -> str:
    found = KINDS.get(kind)
    return found[LANGUAGES.index(language)] if found else kind.replace("_", " ")
