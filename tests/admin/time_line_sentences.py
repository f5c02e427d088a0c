"""What the time line says of `whole_story`: each kind of step and each rule once, in both languages."""

SENTENCES = [
    (
        "2026-03-02 10:00:00",
        "Came alone The gate wrote down a visit in which no broker had a part.",
        "自行到访 现场登记了一次没有经纪人参与的到访。",
    ),
    (
        "2026-03-02 11:00:00",
        "Customer entered Entered for 王芳 , whose customer it is. An entry binds nobody.",
        "录入客户 为 王芳 录入，客户归其所有。录入不产生绑定。",
    ),
    (
        "2026-03-02 11:00:00",
        "Collision opened The person had come alone before 王芳 (No. 1) entered them.",
        "产生撞单 在 王芳 （编号 1） 录入之前，本人已自行到访。",
    ),
    (
        "2026-03-02 11:00:00",
        ("Customer entered An entry binds nobody: the first confirmed scan of a reported lead does."),
        "录入客户 录入不产生绑定；报备后首次现场扫码确认才绑定。",
    ),
    (
        "2026-03-02 11:00:00",
        "Entry withdrawn Taken back before the first report; it can never be bound.",
        "撤回录入 在首次报备之前撤回，此后不能再绑定。",
    ),
    (
        "2026-03-02 11:00:00",
        (
            "Event of a collision Added to collision 2 of 赵伟 (No. 2), which was open: The "
            "challenger withdrew the entry."
        ),
        "撞单新事件 计入 赵伟 （编号 2） 的未处理撞单 2：撞单方撤回了录入。",
    ),
    (
        "2026-03-02 12:00:00",
        ("Entry corrected Corrected before the first report, as long as that is allowed. – → 139****4444"),
        "更正录入 在首次报备之前更正，此时允许更正。 – → 139****4444",
    ),
    (
        "2026-03-02 13:00:00",
        (
            "Needs, type, visit or wished consultant changed What the customer wishes says nothing "
            "about who holds."
        ),
        "修改了需求、分类、到访时间或指定置业顾问 客户需求的变更与归属无关。",
    ),
    (
        "2026-03-02 13:00:00",
        "Customer reported The first report: from now on a confirmed scan can bind.",
        "报备客户 首次报备：此后现场扫码确认即可绑定。",
    ),
    (
        "2026-03-02 13:00:00",
        "Visit code made The first report makes the code, which stays the same for good.",
        "生成带看二维码 首次报备时生成带看二维码，此后不变。",
    ),
    (
        "2026-03-02 13:00:00",
        "Customer reported Pressed again: it is recorded, moves no clock and binds nobody.",
        "报备客户 再次报备：仅作记录，不改变期限，也不产生绑定。",
    ),
    (
        "2026-03-02 14:00:00",
        "Scanned at the gate 岳峰 confirmed the visit of a reported lead.",
        "现场扫码 岳峰 确认了一位已报备客户的到访。",
    ),
    (
        "2026-03-02 14:00:00",
        (
            "Bound First confirmed scan of a reported lead: 2026-03-02 14:00:00 by 岳峰 . Protected "
            "for 30 days, until 2026-04-01 14:00:00."
        ),
        (
            "已绑定 报备后首次现场扫码确认：2026-03-02 14:00:00，由 岳峰 确认。保护 30 天，至 "
            "2026-04-01 14:00:00。"
        ),
    ),
    (
        "2026-03-02 14:00:00",
        "Consultant assigned 江心怡 was chosen at the gate.",
        "指定置业顾问 江心怡 ，由渠道驻场在现场选定。",
    ),
    (
        "2026-03-02 15:00:00",
        "Another visit The holder's own code was scanned again: neither binding nor clock change.",
        "再次到访 再次扫描占有人自己的二维码：绑定与期限均不变。",
    ),
    (
        "2026-03-02 15:00:00",
        "Consultant assigned Changed at the gate from 江心怡 to 陆明哲 .",
        "指定置业顾问 现场由 江心怡 改为 陆明哲 。",
    ),
    (
        "2026-03-02 16:00:00",
        "Shown round By a consultant who stood in for the assigned one.",
        "带看 由代替接待的置业顾问带看。",
    ),
    (
        "2026-03-02 16:00:00",
        "Intent graded Intent A. It says nothing about who holds.",
        "意向评级 意向 A，与归属无关。",
    ),
    (
        "2026-03-02 16:00:00",
        (
            "Follow-up written A note, which says nothing about who holds; next contact on "
            "2026-03-09. 周末再来"
        ),
        "添加跟进 仅为备注，与归属无关；下次联系日期 2026-03-09。 周末再来",
    ),
    (
        "2026-03-02 16:00:00",
        "Viewing fee written down ¥300.00 for a visit that the gate had confirmed.",
        "登记带看费 ¥300.00，对应一次现场已确认的到访。",
    ),
    (
        "2026-03-02 16:00:00",
        "Viewing fee voided ¥300.00 count no longer. 付错了",
        "带看费作废 ¥300.00 不再计入。 付错了",
    ),
    (
        "2026-03-02 17:00:00",
        (
            "Collision opened 李强 (No. 3) went for a customer whom 王芳 (No. 1) held at that "
            "moment: The challenger entered the customer."
        ),
        "产生撞单 李强 （编号 3） 争取的客户当时由 王芳 （编号 1） 占有：撞单方录入了客户。",
    ),
    (
        "2026-03-02 18:00:00",
        (
            "Turned away at the gate Not bound, refused as held_by_another: at that moment the "
            "customer was held by 王芳 (No. 1)."
        ),
        "现场被拒 未绑定，拒绝代码 held_by_another：当时客户由 王芳 （编号 1） 占有。",
    ),
    (
        "2026-03-02 18:00:00",
        "Collision handled Outcome: No outcome given.",
        "撞单已处理 处理结果：未填写结果。",
    ),
    (
        "2026-03-02 19:00:00",
        (
            "Collision opened again It is open as if nobody had handled it; how it was handled stays "
            "above. 处理有误"
        ),
        "撞单重新打开 恢复为未处理；此前的处理情况保留在上方。 处理有误",
    ),
    (
        "2026-03-02 19:00:00",
        "Collision opened A visitor objects to the reports of 王芳 (No. 1). 我没有委托任何经纪人",
        "产生撞单 一位自然用户对 王芳 （编号 1） 的报备提出异议。 我没有委托任何经纪人",
    ),
    (
        "2026-03-02 20:00:00",
        (
            "Protection changed together with the setting 20 days for running bindings too: the end "
            "moved from 2026-04-01 14:00:00 to 2026-03-22 14:00:00."
        ),
        (
            "随保护期设置更新到期时间 保护期改为 20 天，对正在进行的绑定同样生效：到期时间由 "
            "2026-04-01 14:00:00 改为 2026-03-22 14:00:00。"
        ),
    ),
    (
        "2026-03-02 21:00:00",
        (
            "Protection extended Once more 5 days: the end moved from 2026-03-22 14:00:00 to "
            "2026-03-27 14:00:00. 客户出差"
        ),
        "保护期延期 延长 5 天：到期时间由 2026-03-22 14:00:00 改为 2026-03-27 14:00:00。 客户出差",
    ),
    (
        "2026-03-02 22:00:00",
        "Collision closed by a rebind A rebind between the two settled it.",
        "撞单因改绑了结 双方之间的改绑使其了结。",
    ),
    (
        "2026-03-02 22:00:00",
        (
            "Merged into another entry of the same broker Two entries of one broker fitted the "
            "customer of a rebind; this one went into 李强 (No. 3)."
        ),
        ("并入同一经纪人的另一条录入 同一经纪人有两条录入符合改绑的客户；本条并入 李强 （编号 3）。"),
    ),
    (
        "2026-03-02 22:00:00",
        (
            "Rebound to another broker A rebind moved the running binding to 李强 (No. 3), and ended "
            "it here. 协商一致"
        ),
        ("已改绑给其他经纪人 改绑将正在进行的绑定转给 李强 （编号 3），此处的绑定随即结束。 协商一致"),
    ),
    (
        "2026-03-02 22:00:00",
        (
            "Rebound to this broker Moved here from 王芳 (No. 1); the clock began anew, until "
            "2026-03-22 22:00:00. 协商一致 – → 139****4444"
        ),
        (
            "改绑到该经纪人 由 王芳 （编号 1） 转入，保护期重新计算，至 2026-03-22 22:00:00。 "
            "协商一致 – → 139****4444"
        ),
    ),
    (
        "2026-03-02 22:00:00",
        "Consultant assigned 陆明哲 came with the rebind.",
        "指定置业顾问 陆明哲 随改绑一并转来。",
    ),
    (
        "2026-03-02 23:00:00",
        ("Customer entered Made for the rebind of 李强 (No. 3), as this broker had no entry of their own."),
        "录入客户 因 李强 （编号 3） 改绑而建立，该经纪人此前没有自己的录入。",
    ),
    (
        "2026-03-02 23:00:00",
        (
            "Reported on the broker's behalf The rebind needs its code: the report is not counted "
            "and makes no collision."
        ),
        "代经纪人报备 改绑需要二维码，因此代为报备；不计次数，不产生撞单。",
    ),
    (
        "2026-03-02 23:00:00",
        (
            "Rebound to this broker Moved here from 李强 (No. 3) with the end kept: 2026-03-22 "
            "22:00:00. 协商一致"
        ),
        "改绑到该经纪人 由 李强 （编号 3） 转入，保留原到期时间 2026-03-22 22:00:00。 协商一致",
    ),
    (
        "2026-03-03 00:00:00",
        (
            "Deal marked Deal date 2026-03-03, marked while bound: from now on the broker holds "
            "without an end. 补记"
        ),
        "标记成交 成交日期 2026-03-03，在绑定期间登记：此后该经纪人的占有不再到期。 补记",
    ),
    (
        "2026-03-03 01:00:00",
        "Deal undone The protection has its old end back. 录错",
        "撤销成交 恢复原到期时间。 录错",
    ),
    (
        "2026-03-22 22:00:00",
        ("Protection ended The end that the rebind of 2026-03-02 23:00:00 kept; nothing ends it before."),
        "保护期已结束 2026-03-02 23:00:00 改绑时保留的到期时间，其间无任何事由使其提前结束。",
    ),
    (
        "2026-04-12 01:00:00",
        (
            "Deal marked Deal date 2026-03-04, a day on which this broker really held; nobody else "
            "held the customer. 补记"
        ),
        "标记成交 成交日期 2026-03-04，该经纪人当日确实占有客户，且补记时无他人占有。 补记",
    ),
    (
        "2026-04-12 02:00:00",
        "Deal undone The old end had passed, or there was none: the broker holds no longer. 录错",
        "撤销成交 原到期时间已过或本无到期时间：该经纪人不再占有。 录错",
    ),
    (
        "2026-04-12 03:00:00",
        (
            "Customer reported Reported again after the protection had ended: from now on a "
            "confirmed scan can bind."
        ),
        "报备客户 保护到期后重新报备：此后现场扫码确认即可绑定。",
    ),
    (
        "2026-05-02 03:00:00",
        ("Protection will end 20 days after the binding of 2026-04-12 03:00:00; nothing ends it before."),
        "保护将到期 自 2026-04-12 03:00:00 绑定起满 20 天，其间无任何事由使其提前结束。",
    ),
]
"""When, and what is said then: title, rule and what was typed, in English and in Chinese."""
